"""The package belongs to the program of this repository."""

import re
import subprocess
import unittest

import moedmft
from samples import PROGRAM, ROOT


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

    def test_does_not_need_matplotlib_to_read(self):
        code = "import sys; import moedmft, moedmft.__main__; sys.exit('matplotlib' in sys.modules)"
        done = subprocess.run(["/usr/bin/env", "python3", "-c", code] if False else [__import__("sys").executable, "-c", code],
                              env={"PYTHONPATH": str(ROOT / "python")})
        self.assertEqual(done.returncode, 0)

    def test_readme_runs(self):
        text = (ROOT / "python" / "README.md").read_text()
        self.assertTrue(re.search(r"```python\n", text))


if __name__ == "__main__":
    unittest.main()
