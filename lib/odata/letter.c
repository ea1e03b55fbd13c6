/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Letters and their case: those of the Latin, Greek, Cyrillic and Armenian
 * alphabets.  A letter and its other case take equally many bytes here. */

#include "expr.h"

/* Capitals from `first` to `last`; each `step`-th is one.  The small letter is
 * `far` behind it. */
/* clang-format off */
static const struct range_t {
    unsigned first, last;
    int step, far;
} capitals[] = {
    { 0x0041, 0x005a, 1,   32 }, { 0x00c0, 0x00d6, 1,   32 },
    { 0x00d8, 0x00de, 1,   32 }, { 0x0100, 0x012e, 2,    1 },
    { 0x0132, 0x0136, 2,    1 }, { 0x0139, 0x0147, 2,    1 },
    { 0x014a, 0x0176, 2,    1 }, { 0x0178, 0x0178, 1, -121 },
    { 0x0179, 0x017d, 2,    1 }, { 0x01a0, 0x01a4, 2,    1 },
    { 0x01af, 0x01af, 1,    1 }, { 0x01cd, 0x01db, 2,    1 },
    { 0x01de, 0x01ee, 2,    1 }, { 0x01f8, 0x021e, 2,    1 },
    { 0x0222, 0x0232, 2,    1 }, { 0x0386, 0x0386, 1,   38 },
    { 0x0388, 0x038a, 1,   37 }, { 0x038c, 0x038c, 1,   64 },
    { 0x038e, 0x038f, 1,   63 }, { 0x0391, 0x03a1, 1,   32 },
    { 0x03a3, 0x03ab, 1,   32 }, { 0x0400, 0x040f, 1,   80 },
    { 0x0410, 0x042f, 1,   32 }, { 0x0460, 0x0480, 2,    1 },
    { 0x048a, 0x04be, 2,    1 }, { 0x04c1, 0x04cd, 2,    1 },
    { 0x04d0, 0x052e, 2,    1 }, { 0x0531, 0x0556, 1,   48 },
    { 0x1e00, 0x1e94, 2,    1 }, { 0x1ea0, 0x1efe, 2,    1 }
};
/* clang-format on */

static unsigned other_case(unsigned letter, int upper)
{
    /* ASCII has one alphabet, the first */
    int n = letter < 0x80 ? 1 : sizeof(capitals) / sizeof(capitals[0]);

    for (int i = 0; i < n; i++) {
        const struct range_t *range = &capitals[i];
        unsigned capital = upper ? letter - range->far : letter;

        if (capital >= range->first && capital <= range->last &&
            (capital - range->first) % range->step == 0) {
            return upper ? capital : capital + range->far;
        }
    }
    return letter;
}

/* The text is UTF-8, by its source. */
void edu__letters_turn(char *to, const char *s, apr_size_t len, int upper)
{
    for (apr_size_t i = 0; i < len;) {
        unsigned c = (unsigned char)s[i];
        apr_size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
        unsigned letter = c & (n == 1 ? 0x7f : n == 2 ? 0x1f : 0x0f);

        for (apr_size_t j = 1; j < n; j++) {
            letter = letter << 6 | (s[i + j] & 0x3f);
        }
        letter = n < 4 ? other_case(letter, upper) : letter;
        memcpy(to + i, s + i, n);
        for (apr_size_t j = n; n > 1 && n < 4 && --j > 0; letter >>= 6) {
            to[i + j] = (char)(0x80 | (letter & 0x3f));
        }
        if (n < 4) {
            to[i] = (char)(letter | (n == 1 ? 0 : n == 2 ? 0xc0 : 0xe0));
        }
        i += n;
    }
}
