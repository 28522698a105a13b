"""Emails as their readers see them, from templates by locale that a deployment may put its own over.

Knows `identity`. Begin with `rendering`.
"""
