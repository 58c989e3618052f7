"""The package belongs to the program of this repository."""

import contextlib
import io
import os
import re
import subprocess
import sys
import unittest

import moedmft
from samples import PROGRAM, ROOT, coordcheck, folder, sample, sweep


class Package(unittest.TestCase):
    def test_version_is_that_of_the_program(self):
        self.assertIn(f"VERSION := {moedmft.__version__}\n", (ROOT / "Makefile").read_text())
        said = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout
        self.assertEqual(said.split()[:2], ["moedmft", moedmft.__version__])
        self.assertIn(f"version: {moedmft.__version__}\n", (ROOT / "CITATION.cff").read_text())

    def test_says_what_it_offers(self):
        for name in moedmft.__all__:
            self.assertTrue(hasattr(moedmft, name), name)
        self.assertTrue((ROOT / "python" / "moedmft" / "py.typed").exists())

    def test_reading_does_not_need_matplotlib(self):
        code = "import sys, moedmft, moedmft.__main__; sys.exit('matplotlib' in sys.modules)"
        done = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(ROOT / "python")})
        self.assertEqual(done.returncode, 0)

    def test_code_in_the_documentation_runs(self):
        text = (ROOT / "python" / "README.md").read_text()
        blocks = re.findall(r"```python\n(.*?)```", text, re.S)
        self.assertGreater(len(blocks), 2)
        variables = {}
        os.makedirs(os.path.join(folder(), "out"), exist_ok=True)
        for block in blocks:  # each goes on where the one before ended
            block = block.replace("out/cosine.h5", sample()).replace("[64]", "[16]")
            block = block.replace("out/sweep.h5", sweep()).replace("out/coordcheck_mup.h5", coordcheck())
            block = block.replace('"out/', f'"{folder()}/out/')
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(block, "README.md", "exec"), variables)


class Studies(unittest.TestCase):
    """scripts/study.sh offers what it can do; the studies themselves take minutes and are not run here."""

    def start(self, *arguments):
        return subprocess.run(["sh", str(ROOT / "scripts" / "study.sh"), *arguments], capture_output=True, text=True)

    def test_lists_studies_that_exist(self):
        listed = self.start()
        self.assertEqual((listed.returncode, listed.stderr), (0, ""))
        names = [line.split()[0] for line in listed.stdout.splitlines()[1:]]
        script = (ROOT / "scripts" / "study.sh").read_text()
        self.assertEqual(names, re.findall(r"^study_(\w+)\(\)", script, re.M))
        for example in re.findall(r"draw (\w+\.py)", script):
            self.assertTrue((ROOT / "examples" / "python" / example).exists(), example)
        for name in names:
            self.assertTrue((ROOT / "docs" / f"study_{name}.png").exists(), name)

    def test_unknown_names(self):
        for name in ("nothing", "", "compare sweep", "-h"):
            said = self.start(name)
            self.assertEqual((said.returncode, said.stdout, said.stderr.count("\n")), (2, "", 1))
            self.assertIn("studies are compare", said.stderr)


if __name__ == "__main__":
    unittest.main()
