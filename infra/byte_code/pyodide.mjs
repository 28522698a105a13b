// Runs a Python program on the Python of pyodide, as `python PROGRAM ARGUMENT...` would in the working folder:
// `node pyodide.mjs PYODIDE PROGRAM ARGUMENT...`. Standard input and output are the program's.
import { readFileSync } from "node:fs";

const [pyodide, program, ...programArguments] = process.argv.slice(2);
const { loadPyodide } = await import(pyodide);
const python = await loadPyodide();
python.mountNodeFS("/mnt/working", process.cwd());
python.FS.chdir("/mnt/working");
python.globals.set("argv", python.toPy([program, ...programArguments]));
python.runPython("import sys; sys.argv = argv");
python.runPython(readFileSync(program, "utf8"));
