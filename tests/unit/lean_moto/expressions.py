"""DynamoDB's expressions: each text is read once; what is made of it for an item is made anew."""

import copy
from collections.abc import Callable
from functools import cache
from typing import Any

from moto.dynamodb.comparisons import AttributeValue, ConditionExpressionParser, Func, Op
from moto.dynamodb.parsing import validators
from moto.dynamodb.parsing.ast_nodes import (  # type: ignore[attr-defined]  # moto has no types for its trees
    DepthFirstTraverser,
    Expression,
    Node,
    NoneExistingPath,
    UpdateExpressionAddAction,
    UpdateExpressionDeleteAction,
    UpdateExpressionFunction,
    UpdateExpressionPath,
    UpdateExpressionRemoveAction,
    UpdateExpressionSetAction,
)
from moto.dynamodb.parsing.expressions import UpdateExpressionParser  # type: ignore[attr-defined]  # the same
from moto.dynamodb.parsing.validators import (
    ActionCountValidator,
    ExpressionAttributeResolvingProcessor,
    OverlappingPathsValidator,
    UpdateHashRangeKeyValidator,
    Validator,
)

_is_a: Callable[[Any, Any], bool] = cache(issubclass)
_make = UpdateExpressionParser.make
_parse = ConditionExpressionParser.parse
_make_operand = ConditionExpressionParser._make_operand


# updates


@cache
def read_update(text: str) -> Any:
    """Return the tree of an update expression; nobody changes it, as validators work on a copy."""
    tree = _make(text)
    _note_kinds(tree)
    return tree


def _note_kinds(node: Any) -> frozenset[type]:
    """Let each node of a tree know of which kinds it and those below it are."""
    below = [_note_kinds(each) for each in node.children or () if _is_a(type(each), Node)]
    node.kinds = frozenset({type(node)}).union(*below)
    return node.kinds  # type: ignore[no-any-return]  # moto has no types for its trees


def copied(original: Any) -> Any:
    """Return a copy of a tree that was just read, and of what else validators copy; a tree's knows its original."""
    if not _is_a(type(original), Node):
        return copy.deepcopy(original)
    root = _copied(original, None)
    root.original = original
    return root


def _copied(node: Any, parent: Any) -> Any:
    new = object.__new__(type(node))
    new.type, new.parent, new.kinds = node.type, parent, node.kinds
    children = node.children
    if children and type(node) is not UpdateExpressionPath:  # what a path is made of is only read
        children = [_copied(each, new) if _is_a(type(each), Node) else each for each in children]
    new.children = children
    return new


def validate(self: Validator) -> Any:
    """Validate and resolve an expression; what depends on its text and names alone is judged once."""
    node = self.node_to_validate
    names = tuple((self.expression_attribute_names or {}).items())
    for processor in self.processors:
        judged = _judged_by_text(processor, names)
        if judged and (node.original, *judged) in _accepted:
            continue
        node = processor.traverse(node)
        if judged:
            _accepted.add((node.original, *judged))
    return node


_accepted: set[tuple[Any, ...]] = set()


def _judged_by_text(judge: Any, names: tuple[Any, ...]) -> tuple[Any, ...] | None:
    match judge:
        case ActionCountValidator():
            return (ActionCountValidator,)
        case OverlappingPathsValidator():
            return OverlappingPathsValidator, names
        case UpdateHashRangeKeyValidator():
            return UpdateHashRangeKeyValidator, names, tuple(judge.table_key_attributes)
    return None


def traverse(self: DepthFirstTraverser, root: Any) -> Any:
    """Traverse a tree, bottom up, as moto does, but no part of it in which there is nothing to do."""
    processing: dict[Any, Callable[[Any], Any]] = self._processing_map()
    kinds = tuple(processing)
    concerned = _concerned(kinds)

    def walk(node: Any, number: int) -> Any:
        parent = node.parent
        for each, child in enumerate(node.children or ()):
            known = getattr(child, "kinds", None)
            if concerned[known] if known else _is_a(type(child), Node):
                self.pre_processing_of_child(node, each)
                walk(child, each)
        kind: Any = type(node)
        if key := _first(kind, kinds):
            node = processing[key](node)
            node.parent = parent
            if parent:
                parent.children[number] = node
        return node

    return walk(root, -1)


class _Concerned(dict[frozenset[type], bool]):
    """Whether what has nodes of the one kinds can have nodes of the others."""

    def __init__(self, kinds: tuple[type, ...]) -> None:
        super().__init__()
        # A path may turn out to lead nowhere.
        self._kinds = (*kinds, UpdateExpressionPath) if NoneExistingPath in kinds else kinds

    def __missing__(self, known: frozenset[type]) -> bool:
        self[known] = any(issubclass(kind, self._kinds) for kind in known)
        return self[known]


_concerned = cache(_Concerned)


@cache
def _first(kind: Any, kinds: tuple[Any, ...]) -> Any:
    return next((each for each in kinds if issubclass(kind, each)), None)


def find_clauses(self: Node, kinds: list[type]) -> list[Any]:
    """Return the nodes of these very types below this one."""
    found: list[Any] = []
    for child in self.children or ():
        kind = type(child)
        if kind in kinds:
            found.append(child)
        elif _is_a(kind, Expression) or _is_a(kind, UpdateExpressionFunction):
            found.extend(find_clauses(child, kinds))
    return found


_ACTIONS = (
    UpdateExpressionSetAction,
    UpdateExpressionRemoveAction,
    UpdateExpressionDeleteAction,
    UpdateExpressionAddAction,
)


def enable_resolving(self: ExpressionAttributeResolvingProcessor, parent: Any, number: int) -> None:
    """Resolve what an action takes, not where it puts it."""
    if type(parent) in _ACTIONS:
        self.resolving = number != 0


# conditions


def parse(self: ConditionExpressionParser) -> Op | Func:
    """Return the condition of a text with these names and values; the text is read once."""
    if not self.condition_expression:
        return _parse(self)
    names = tuple((self.expression_attribute_names or {}).items())
    key = self.condition_expression, names, tuple(self.expression_attribute_values or ())
    if key not in _read:
        _read[key] = _read_condition(self), list(self.expr_attr_names_found), list(self.expr_attr_values_found)
    else:
        self.expr_attr_names_found.extend(_read[key][1])
        self.expr_attr_values_found.extend(_read[key][2])
    return self._make_op_condition(_read[key][0])


_read: dict[tuple[Any, ...], tuple[Any, list[str], list[str]]] = {}


def _read_condition(self: Any) -> Any:
    """Return the tree of which moto would make a condition."""
    self._make_op_condition = lambda tree: tree
    try:
        return _parse(self)
    finally:
        del self._make_op_condition


def make_operand(self: ConditionExpressionParser, node: Any) -> Any:
    """Return an operand of the condition; a value is that of the call, whatever it was when the text was read."""
    if node.kind == self.Kind.EXPRESSION_ATTRIBUTE_VALUE:
        return AttributeValue(self._lookup_expression_attribute_value(node.text))
    return _make_operand(self, node)


SHORT_WAYS: tuple[tuple[Any, str, Any], ...] = (
    (UpdateExpressionParser, "make", read_update),
    (validators, "deepcopy", copied),
    (Validator, "validate", validate),
    (DepthFirstTraverser, "traverse", traverse),
    (Node, "find_clauses", find_clauses),
    (ExpressionAttributeResolvingProcessor, "pre_processing_of_child", enable_resolving),
    (ConditionExpressionParser, "parse", parse),
    (ConditionExpressionParser, "_make_operand", make_operand),
)
