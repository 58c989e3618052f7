"""The package belongs to the program of this repository."""

import contextlib
import io
import os
import re
import subprocess
import sys
import unittest

import moedmft
from samples import PROGRAM, ROOT, folder, sample


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
            block = block.replace('"out/', f'"{folder()}/out/')
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(block, "README.md", "exec"), variables)


if __name__ == "__main__":
    unittest.main()
