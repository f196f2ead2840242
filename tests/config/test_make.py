"""What the Makefile sees to for everything that is started with it."""

import os
import subprocess

from config.environment import BASE_DIR


def test_what_make_starts_keeps_its_compiled_modules_even_where_an_image_says_not_to():
    command = ["make", "--no-print-directory", "--eval", "environment: ; @env", "environment"]
    told = subprocess.run(
        command,
        cwd=BASE_DIR,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "DATA_DIR": "elsewhere"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert "DATA_DIR=elsewhere" in told
    assert not [line for line in told if line.startswith("PYTHONDONTWRITEBYTECODE=")]
