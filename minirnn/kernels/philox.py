"""Random bits without a state: Philox-4x32-10, four 32-bit words for each counter and key.

Salmon, Moraes, Dror & Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011, section 5.3. What is drawn for a
place depends on its number alone, so that threads may share a draw in any way, and a draw can be repeated.

Words are whole numbers from 0 to 2**32 - 1. Products of two of them may pass 2**63 and wrap around in compiled code;
the 64 bits that count are right, in compiled code as in plain Python.
"""

from __future__ import annotations

from minirnn.jit import inline

WORD = 0xFFFFFFFF
ROUNDS = 10


@inline
def philox(c0, c1, c2, c3, k0, k1):
    """The four words of counter (c0, c1, c2, c3) and key (k0, k1)."""
    for _ in range(ROUNDS):
        p0, p1 = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = ((p1 >> 32) & WORD) ^ c1 ^ k0, p1 & WORD, ((p0 >> 32) & WORD) ^ c3 ^ k1, p0 & WORD
        k0, k1 = (k0 + 0x9E3779B9) & WORD, (k1 + 0xBB67AE85) & WORD
    return c0, c1, c2, c3
