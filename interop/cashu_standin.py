#!/usr/bin/env python3
"""`archipelago wallet` as cashu_npm/standin.mjs plays it: ARCHIPELAGO_BIN=interop/cashu_standin.py interop/run.py cashu

tries the cases without a wallet of ours. ARCHIPELAGO_STANDIN_FLAW plants a fault the cases must notice.
"""

import os
import pathlib
import sys

from peer_path import CACHE

FRESH = 'import mnemonic; print(mnemonic.Mnemonic("english").generate(128))'

if __name__ == "__main__":
    prefix = CACHE / "cashu-ts-4.8.0"
    python = CACHE / "nutshell-0.20.3/bin/python"
    os.environ["ARCHIPELAGO_CASHU_TS"] = str(prefix)
    os.environ["ARCHIPELAGO_STANDIN_WORDS"] = f"{python} -c '{FRESH}'"
    script = pathlib.Path(__file__).resolve().parent / "cashu_npm/standin.mjs"
    os.execv(prefix / "node", ["node", "--no-deprecation", str(script), *sys.argv[1:]])
