/* The machine that plays a tape: array operations written down once, done again for every block of worlds.

   Everything lies in one arena: numbers that never change, then room that blocks reuse. A table's last axis is
   the lanes of a block, so that what an operation reads and writes stays in the processor's cache. Elementwise
   functions are NumPy's own loops, and what is written out here is exact arithmetic, copying and comparing; so a
   tape has the bits of the laws it was written from. `instructions.py` says what the words of an instruction mean. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#include <numpy/arrayobject.h>
#include <numpy/ufuncobject.h>

#define MOST_AROUND 4
#define MOST_OPERANDS 4
#define MOST_SORTED 32

/* What is played most often is INSIDE: compiled into one piece with the loop that plays it; with all of it there, a
   compiler would take half a minute. */
#include "../processors.h"
#if defined(__GNUC__)
#define INDEPENDENT _Pragma("GCC ivdep")
#else
#define INDEPENDENT
#endif

enum {
    END, LOOP, COPY, CAST, WHERE, RATIO, LOAD, STORE, ARGSORT, TAKE, PUT, ARGMAX, ROWS,
    ADD, SUBTRACT, MULTIPLY, DIVIDE, MAXIMUM, MINIMUM, FOLD_ADD, FOLD_MAXIMUM, FOLD_MINIMUM,
    GREATER, GREATER_EQUAL, EQUAL, BITWISE_AND, BITWISE_OR, ABSOLUTE, NEGATIVE, INVERT
};
enum { DOUBLE, INTEGER, BYTE, BOOL };

typedef struct {
    PyUFuncGenericFunction loop;
    void *data;
} Function;

typedef struct {
    const char *at;
    npy_intp columns;
} Table;

/* An elementwise operation: an inner row, rows that follow one another, and `around` axes around them, of which `axis`
   holds how many there are and, for each operand, the bytes from one to the next. */
typedef struct {
    npy_intp function, more, inner, rows, around, step[MOST_OPERANDS], next[MOST_OPERANDS];
    char *at[MOST_OPERANDS];
    const int32_t *axis;
} Work;

INSIDE const int32_t *work_of(const int32_t *word, char *const *base, const int operands, Work *w) {
    w->function = word[1], w->more = word[2], w->inner = word[3], w->rows = word[4], w->around = word[5];
    word += 6;
    for (int k = 0; k < operands; k++, word += 4) {
        w->at[k] = base[word[0]] + word[1];
        w->step[k] = word[2], w->next[k] = word[3];
    }
    w->axis = word;
    return word + w->around * (1 + operands);
}

/* Do something to every group of rows that follow one another: `at` holds where the first row of each operand begins. */
#define EACH_GROUP(w, operands, ...)                                                                                   \
    do {                                                                                                               \
        char *at[MOST_OPERANDS];                                                                                       \
        npy_intp count[MOST_AROUND] = {0};                                                                             \
        for (int k = 0; k < (operands); k++) at[k] = (w)->at[k];                                                       \
        for (;;) {                                                                                                     \
            __VA_ARGS__;                                                                                               \
            npy_intp d = (w)->around - 1;                                                                              \
            for (; d >= 0; d--) {                                                                                      \
                const int32_t *axis_of = (w)->axis + d * (1 + (operands));                                             \
                for (int k = 0; k < (operands); k++) at[k] += axis_of[1 + k];                                          \
                if (++count[d] < axis_of[0]) break;                                                                    \
                for (int k = 0; k < (operands); k++) at[k] -= (npy_intp)axis_of[0] * axis_of[1 + k];                   \
                count[d] = 0;                                                                                          \
            }                                                                                                          \
            if (d < 0) break;                                                                                          \
        }                                                                                                              \
    } while (0)

/* Do something to every inner row. */
#define EACH_ROW(w, operands, ...)                                                                                     \
    EACH_GROUP(w, operands, {                                                                                          \
        for (npy_intp row = 0; row < (w)->rows; row++) {                                                               \
            __VA_ARGS__;                                                                                               \
            for (int k = 0; k < (operands); k++) at[k] += (w)->next[k];                                                \
        }                                                                                                              \
        for (int k = 0; k < (operands); k++) at[k] -= (w)->next[k] * (w)->rows;                                        \
    })

#define AT(TYPE, k, i) (*(TYPE *)(at[k] + (i) * w->step[k]))

/* Rows of lanes have a multiple of so many entries, none of which depends on another: a compiler is told both. */
#define PIECE 16
#define PIECES(FROM, TO, X, Y, RESULT)                                                                                 \
    for (npy_intp row = 0; row < w->rows; row++, one += w->next[0], other += w->next[1], to += w->next[2]) {           \
        const FROM *x = (const FROM *)one;                                                                             \
        const FROM *y = (const FROM *)other;                                                                           \
        const FROM same[] = {*x, *y};                                                                                  \
        TO *z = (TO *)to;                                                                                              \
        (void)same;                                                                                                    \
        INDEPENDENT for (npy_intp i = 0; i < n; i++) z[i] = (TO)RESULT(X, Y);                                          \
    }

/* An exact operation of two numbers, by the ways in which rows usually lie. */
#define BINARY(NAME, FROM, TO, RESULT)                                                                                 \
    INSIDE void NAME(const Work *w) {                                                                                  \
        const npy_intp wide = (npy_intp)sizeof(FROM), n = w->inner / PIECE * PIECE;                                    \
        const int fits = w->step[2] == (npy_intp)sizeof(TO) && w->inner == n;                                          \
        EACH_GROUP(w, 3, {                                                                                             \
            const char *one = at[0];                                                                                   \
            const char *other = at[1];                                                                                 \
            char *to = at[2];                                                                                          \
            if (fits && w->step[0] == wide && w->step[1] == wide)                                                      \
                PIECES(FROM, TO, x[i], y[i], RESULT)                                                                   \
            else if (fits && w->step[0] == wide && w->step[1] == 0)                                                    \
                PIECES(FROM, TO, x[i], same[1], RESULT)                                                                \
            else if (fits && w->step[0] == 0 && w->step[1] == wide)                                                    \
                PIECES(FROM, TO, same[0], y[i], RESULT)                                                                \
            else                                                                                                       \
                for (npy_intp row = 0; row < w->rows; row++, one += w->next[0], other += w->next[1], to += w->next[2]) \
                    for (npy_intp i = 0; i < w->inner; i++) {                                                          \
                        const FROM *x = (const FROM *)(one + i * w->step[0]);                                          \
                        const FROM *y = (const FROM *)(other + i * w->step[1]);                                        \
                        *(TO *)(to + i * w->step[2]) = (TO)RESULT(*x, *y);                                             \
                    }                                                                                                  \
        });                                                                                                            \
    }
#define SUM(x, y) ((x) + (y))
#define DIFFERENCE(x, y) ((x) - (y))
#define PRODUCT(x, y) ((x) * (y))
#define QUOTIENT(x, y) ((x) / (y))
/* A number that is none stays, as NumPy has it; of two zeros the second is taken. */
INSIDE double larger(double x, double y) {
    const double found = x > y ? x : y;
    return x != x ? x : found;
}
INSIDE double smaller(double x, double y) {
    const double found = x < y ? x : y;
    return x != x ? x : found;
}
/* 0 where there is nothing to divide by, by a mask of bits: a compiler would divide one by one behind a condition. */
INSIDE double ratio_of(double x, double y) {
    double quotient = x / y;
    uint64_t bits;
    memcpy(&bits, &quotient, sizeof(bits));
    bits &= 0 - (uint64_t)(y != 0.0);
    memcpy(&quotient, &bits, sizeof(bits));
    return quotient;
}
BINARY(add, double, double, SUM)
BINARY(subtract, double, double, DIFFERENCE)
BINARY(multiply, double, double, PRODUCT)
BINARY(divide, double, double, QUOTIENT)
BINARY(ratio, double, double, ratio_of)
BINARY(maximum, double, double, larger)
BINARY(minimum, double, double, smaller)
#define IS_GREATER(x, y) ((x) > (y))
#define IS_AS_GREAT(x, y) ((x) >= (y))
#define IS_EQUAL(x, y) ((x) == (y))
#define BOTH(x, y) ((x) & (y))
#define EITHER(x, y) ((x) | (y))
BINARY(greater, double, int8_t, IS_GREATER)
BINARY(greater_equal, double, int8_t, IS_AS_GREAT)
BINARY(equal, double, int8_t, IS_EQUAL)
BINARY(bitwise_and, int8_t, int8_t, BOTH)
BINARY(bitwise_or, int8_t, int8_t, EITHER)

/* An exact operation of one number. */
#define UNARY(NAME, TYPE, RESULT)                                                                                      \
    INSIDE void NAME(const Work *w) {                                                                                  \
        if (w->step[0] == sizeof(TYPE) && w->step[1] == sizeof(TYPE))                                                  \
            EACH_ROW(w, 2, {                                                                                           \
                const TYPE *x = (const TYPE *)at[0];                                                                   \
                TYPE *z = (TYPE *)at[1];                                                                               \
                INDEPENDENT for (npy_intp i = 0; i < w->inner; i++) z[i] = (TYPE)RESULT(x[i]);                         \
            });                                                                                                        \
        else                                                                                                           \
            EACH_ROW(w, 2, {                                                                                           \
                for (npy_intp i = 0; i < w->inner; i++) AT(TYPE, 1, i) = (TYPE)RESULT(AT(TYPE, 0, i));                 \
            });                                                                                                        \
    }
#define OPPOSITE(x) (-(x))
#define OTHERWISE(x) ((x) ^ 1)
UNARY(absolute, double, fabs)
UNARY(negative, double, OPPOSITE)
UNARY(invert, int8_t, OTHERWISE)

/* Fold entries along two axes, one after another: `axis` holds how many there are along each, and the bytes from one to
   the next. The second operand is what folding begins with. Sums stay in registers, a piece of a row at a time. */
#define FOLDED 32
#define FOLD(NAME, RESULT)                                                                                             \
    WIDEST static void NAME(const Work *w, const int32_t *axis) {                                                      \
        EACH_ROW(w, 3, {                                                                                               \
            npy_intp i = 0;                                                                                            \
            if (w->step[0] == 8 && w->step[2] == 8)                                                                    \
                for (; i + FOLDED <= w->inner; i += FOLDED) {                                                          \
                    double total[FOLDED];                                                                              \
                    if (w->step[1] == 0) {                                                                             \
                        const double same = *(const double *)at[1];                                                    \
                        for (npy_intp k = 0; k < FOLDED; k++) total[k] = same;                                         \
                    } else                                                                                             \
                        for (npy_intp k = 0; k < FOLDED; k++) total[k] = AT(double, 1, i + k);                         \
                    for (npy_intp one = 0; one < axis[0]; one++)                                                       \
                        for (npy_intp other = 0; other < axis[2]; other++) {                                           \
                            const double *x = (const double *)(at[0] + one * axis[1] + other * axis[3]) + i;           \
                            for (npy_intp k = 0; k < FOLDED; k++) total[k] = RESULT(total[k], x[k]);                   \
                        }                                                                                              \
                    for (npy_intp k = 0; k < FOLDED; k++) ((double *)at[2])[i + k] = total[k];                         \
                }                                                                                                      \
            for (; i < w->inner; i++) {                                                                                \
                double total = AT(double, 1, i);                                                                       \
                for (npy_intp one = 0; one < axis[0]; one++)                                                           \
                    for (npy_intp other = 0; other < axis[2]; other++) {                                               \
                        const double x = *(const double *)(at[0] + one * axis[1] + other * axis[3] + i * w->step[0]);  \
                        total = RESULT(total, x);                                                                      \
                    }                                                                                                  \
                AT(double, 2, i) = total;                                                                              \
            }                                                                                                          \
        });                                                                                                            \
    }
FOLD(fold_add, SUM)
FOLD(fold_maximum, larger)
FOLD(fold_minimum, smaller)

INSIDE void loop(const Work *w, const Function *f) {
    npy_intp step[MOST_OPERANDS];
    for (npy_intp k = 0; k < w->more; k++) step[k] = w->step[k];
    EACH_ROW(w, w->more, {
        char *row[MOST_OPERANDS];
        npy_intp n = w->inner;
        for (npy_intp k = 0; k < w->more; k++) row[k] = at[k];
        f->loop(row, &n, step, f->data);
    });
}

INSIDE void copy(const Work *w) {
    const npy_intp n = w->inner;
    if (w->more == 8)
        EACH_ROW(w, 2, {
            if (w->step[0] == 8 && w->step[1] == 8)
                memcpy(at[1], at[0], (size_t)n * 8);
            else if (w->step[0] == 0 && w->step[1] == 8) {
                const int64_t same = *(const int64_t *)at[0];
                for (npy_intp i = 0; i < n; i++) ((int64_t *)at[1])[i] = same;
            } else
                for (npy_intp i = 0; i < n; i++) AT(int64_t, 1, i) = AT(int64_t, 0, i);
        });
    else
        EACH_ROW(w, 2, {
            for (npy_intp i = 0; i < n; i++) AT(int8_t, 1, i) = AT(int8_t, 0, i);
        });
}

/* From a type to another: 4 * from + to. */
#define CASTS(FROM, TYPE_FROM, TO, TYPE_TO)                                                                            \
    case 4 * FROM + TO:                                                                                                \
        EACH_ROW(w, 2, {                                                                                               \
            for (npy_intp i = 0; i < n; i++) AT(TYPE_TO, 1, i) = (TYPE_TO)AT(TYPE_FROM, 0, i);                         \
        });                                                                                                            \
        break;
#define CASTS_TO_BOOL(FROM, TYPE_FROM)                                                                                 \
    case 4 * FROM + BOOL:                                                                                              \
        EACH_ROW(w, 2, {                                                                                               \
            for (npy_intp i = 0; i < n; i++) AT(int8_t, 1, i) = AT(TYPE_FROM, 0, i) != 0;                              \
        });                                                                                                            \
        break;

WIDEST static void cast(const Work *w) {
    const npy_intp n = w->inner;
    switch (w->more) {
        CASTS(BOOL, int8_t, DOUBLE, double)
        CASTS(BOOL, int8_t, INTEGER, int64_t)
        CASTS(BOOL, int8_t, BYTE, int8_t)
        CASTS(BYTE, int8_t, DOUBLE, double)
        CASTS(BYTE, int8_t, INTEGER, int64_t)
        CASTS(INTEGER, int64_t, DOUBLE, double)
        CASTS(INTEGER, int64_t, BYTE, int8_t)
        CASTS(DOUBLE, double, INTEGER, int64_t)
        CASTS_TO_BOOL(DOUBLE, double)
        CASTS_TO_BOOL(INTEGER, int64_t)
        CASTS_TO_BOOL(BYTE, int8_t)
    }
}

/* By masks of bits, so that it is done for many at once. */
#define CHOOSE(TYPE)                                                                                                   \
    EACH_ROW(w, 4, {                                                                                                   \
        const int8_t *c = (const int8_t *)at[0];                                                                       \
        const TYPE *x = (const TYPE *)at[1], *y = (const TYPE *)at[2];                                                 \
        TYPE *to = (TYPE *)at[3];                                                                                      \
        const npy_intp wide = (npy_intp)sizeof(TYPE);                                                                  \
        if (w->step[3] == wide && w->step[0] == 1 && w->step[1] == wide && w->step[2] == wide)                         \
            INDEPENDENT for (npy_intp i = 0; i < n; i++) to[i] = y[i] ^ ((x[i] ^ y[i]) & -(TYPE)c[i]);                 \
        else if (w->step[3] == wide && w->step[0] == 1 && w->step[1] == 0 && w->step[2] == wide)                       \
            INDEPENDENT for (npy_intp i = 0; i < n; i++) to[i] = y[i] ^ ((x[0] ^ y[i]) & -(TYPE)c[i]);                 \
        else if (w->step[3] == wide && w->step[0] == 1 && w->step[1] == wide && w->step[2] == 0)                       \
            INDEPENDENT for (npy_intp i = 0; i < n; i++) to[i] = y[0] ^ ((x[i] ^ y[0]) & -(TYPE)c[i]);                 \
        else if (w->step[3] == wide && w->step[0] == 0 && w->step[*c ? 1 : 2] == wide)                                 \
            memcpy(to, *c ? x : y, (size_t)(n * wide)); /* the same choice in all of a row */                          \
        else if (w->step[3] == wide && w->step[0] == 0 && w->step[*c ? 1 : 2] == 0) {                                  \
            const TYPE same = *c ? *x : *y;                                                                            \
            for (npy_intp i = 0; i < n; i++) to[i] = same;                                                             \
        } else                                                                                                         \
            for (npy_intp i = 0; i < n; i++)                                                                           \
                AT(TYPE, 3, i) = AT(int8_t, 0, i) ? AT(TYPE, 1, i) : AT(TYPE, 2, i);                                   \
    })

WIDEST static void where(const Work *w) {
    const npy_intp n = w->inner;
    if (w->more == 8)
        CHOOSE(int64_t);
    else
        CHOOSE(int8_t);
}

/* Along an axis of `more` entries, whose strides stand behind the operands: the order, kept where equal. */
WIDEST static void argsort(const Work *w, npy_intp from, npy_intp to) {
    const npy_intp n = w->inner, many = w->more;
    EACH_ROW(w, 2, {
        for (npy_intp i = 0; i < n; i++) {
            double value[MOST_SORTED];
            int64_t place[MOST_SORTED];
            for (npy_intp k = 0; k < many; k++) {
                const double one = *(const double *)(at[0] + i * w->step[0] + k * from);
                npy_intp before = k;
                /* A NaN sorts last, as NumPy has it. */
                while (before > 0 && (one < value[before - 1] || (value[before - 1] != value[before - 1] && one == one))) {
                    value[before] = value[before - 1], place[before] = place[before - 1];
                    before--;
                }
                value[before] = one, place[before] = k;
            }
            for (npy_intp k = 0; k < many; k++) *(int64_t *)(at[1] + i * w->step[1] + k * to) = place[k];
        }
    });
}

/* The first largest; `function` says whether the entries are numbers or bits. */
WIDEST static void argmax(const Work *w, npy_intp from) {
    const npy_intp n = w->inner, many = w->more;
    if (w->function == BOOL)
        EACH_ROW(w, 2, {
            for (npy_intp i = 0; i < n; i++) {
                int64_t place = 0;
                for (npy_intp k = many - 1; k >= 0; k--)
                    if (*(const int8_t *)(at[0] + i * w->step[0] + k * from)) place = k;
                AT(int64_t, 1, i) = place;
            }
        });
    else
        EACH_ROW(w, 2, {
            for (npy_intp i = 0; i < n; i++) {
                const char *column = at[0] + i * w->step[0];
                double best = *(const double *)column;
                int64_t place = 0;
                for (npy_intp k = 1; k < many; k++) {
                    const double one = *(const double *)(column + k * from);
                    /* The first NaN counts as the largest, as NumPy has it. */
                    if (one > best || (one != one && best == best)) best = one, place = k;
                }
                AT(int64_t, 1, i) = place;
            }
        });
}

/* Entries of a flat table of `more` by a table of places; returns whether a place is outside of it. */
WIDEST static int take(const Work *w) {
    const npy_intp n = w->inner;
    const int64_t *table = (const int64_t *)w->at[0];
    uint64_t outside = 0;
    EACH_ROW(w, 3, {
        for (npy_intp i = 0; i < n; i++) {
            const uint64_t place = (uint64_t)AT(int64_t, 1, i), is_outside = place >= (uint64_t)w->more;
            outside |= is_outside;
            AT(int64_t, 2, i) = table[is_outside ? 0 : place];
        }
    });
    return (int)outside;
}

WIDEST static int put(const Work *w) {
    const npy_intp n = w->inner;
    int64_t *table = (int64_t *)w->at[2];
    uint64_t outside = 0;
    EACH_ROW(w, 3, {
        for (npy_intp i = 0; i < n; i++) {
            const uint64_t place = (uint64_t)AT(int64_t, 1, i), is_outside = place >= (uint64_t)w->more;
            outside |= is_outside;
            if (!is_outside) table[place] = AT(int64_t, 0, i);
        }
    });
    return (int)outside;
}

/* Play the tape for one block: worlds `first` to `first + some` of the tables, in lanes. Returns whether a law took or
   put an entry outside of its table. */
WIDEST static int play(const int32_t *word, char *const *base, const Function *function, const Table *given,
                        const Table *made, npy_intp lanes, npy_intp first, npy_intp some) {
    Work work;
    int outside = 0;
    for (;;) {
        switch (word[0]) {
        case END:
            return outside;
        case LOAD: {
            const npy_intp rows = word[2], size = word[3];
            const Table *table = given + word[1];
            char *to = base[word[4]] + word[5];
            if (word[6]) /* the same for all worlds */
                memcpy(to, table->at, (size_t)(rows * size));
            else
                for (npy_intp row = 0; row < rows; row++, to += lanes * size) {
                    memcpy(to, table->at + (row * table->columns + first) * size, (size_t)(some * size));
                    /* Lanes without a world repeat the last one, so that they do nothing that no world does. */
                    for (npy_intp lane = some; lane < lanes; lane++) memcpy(to + lane * size, to + (some - 1) * size, (size_t)size);
                }
            word += 7;
            break;
        }
        case STORE: {
            const npy_intp rows = word[2], size = word[3];
            const Table *table = made + word[1];
            const char *from = base[word[4]] + word[5];
            for (npy_intp row = 0; row < rows; row++, from += lanes * size)
                memcpy((char *)table->at + (row * table->columns + first) * size, from, (size_t)(some * size));
            word += 6;
            break;
        }
        case ROWS: {
            const npy_intp count = word[1];
            char *to = base[word[2]];
            const char *from = base[word[3]];
            word += 4;
            for (npy_intp row = 0; row < count; row++, word += 3) memcpy(to + word[0], from + word[1], (size_t)word[2]);
            break;
        }
        case LOOP: word = work_of(word, base, word[2], &work); loop(&work, function + work.function); break;
        case COPY: word = work_of(word, base, 2, &work); copy(&work); break;
        case CAST: word = work_of(word, base, 2, &work); cast(&work); break;
        case WHERE: word = work_of(word, base, 4, &work); where(&work); break;
        case RATIO: word = work_of(word, base, 3, &work); ratio(&work); break;
        case TAKE: word = work_of(word, base, 3, &work); outside |= take(&work); break;
        case PUT: word = work_of(word, base, 3, &work); outside |= put(&work); break;
        case ADD: word = work_of(word, base, 3, &work); add(&work); break;
        case SUBTRACT: word = work_of(word, base, 3, &work); subtract(&work); break;
        case MULTIPLY: word = work_of(word, base, 3, &work); multiply(&work); break;
        case DIVIDE: word = work_of(word, base, 3, &work); divide(&work); break;
        case MAXIMUM: word = work_of(word, base, 3, &work); maximum(&work); break;
        case MINIMUM: word = work_of(word, base, 3, &work); minimum(&work); break;
        case GREATER: word = work_of(word, base, 3, &work); greater(&work); break;
        case GREATER_EQUAL: word = work_of(word, base, 3, &work); greater_equal(&work); break;
        case EQUAL: word = work_of(word, base, 3, &work); equal(&work); break;
        case BITWISE_AND: word = work_of(word, base, 3, &work); bitwise_and(&work); break;
        case BITWISE_OR: word = work_of(word, base, 3, &work); bitwise_or(&work); break;
        case ABSOLUTE: word = work_of(word, base, 2, &work); absolute(&work); break;
        case NEGATIVE: word = work_of(word, base, 2, &work); negative(&work); break;
        case INVERT: word = work_of(word, base, 2, &work); invert(&work); break;
        case FOLD_ADD: word = work_of(word, base, 3, &work); fold_add(&work, word); word += 4; break;
        case FOLD_MAXIMUM: word = work_of(word, base, 3, &work); fold_maximum(&work, word); word += 4; break;
        case FOLD_MINIMUM: word = work_of(word, base, 3, &work); fold_minimum(&work, word); word += 4; break;
        case ARGSORT:
            word = work_of(word, base, 2, &work);
            argsort(&work, word[0], word[1]);
            word += 2;
            break;
        case ARGMAX:
            word = work_of(word, base, 2, &work);
            argmax(&work, word[0]);
            word += 1;
            break;
        }
    }
}

/* ---------------------------------------------------------------- what Python calls */

/* The loop of a NumPy function for a signature, by its place in the function's list. */
static int function_of(PyObject *pair, Function *found) {
    PyObject *ufunc;
    int place;
    if (!PyArg_ParseTuple(pair, "Oi", &ufunc, &place)) return -1;
    const PyUFuncObject *of = (PyUFuncObject *)ufunc;
    if (place < 0 || place >= of->ntypes) {
        PyErr_Format(PyExc_ValueError, "%s has no loop %d; expected 0 to %d", of->name, place, of->ntypes - 1);
        return -1;
    }
    found->loop = of->functions[place];
    found->data = of->data ? of->data[place] : NULL;
    return 0;
}

/* Where the tables of a list lie: arrays in one piece, whose last axis is the worlds. */
static int tables_of(PyObject *list, Table *tables, int written) {
    const Py_ssize_t count = PyList_GET_SIZE(list);
    for (Py_ssize_t k = 0; k < count; k++) {
        PyObject *one = PyList_GET_ITEM(list, k);
        if (!PyArray_Check(one) || !PyArray_IS_C_CONTIGUOUS((PyArrayObject *)one) ||
            (written && !PyArray_ISWRITEABLE((PyArrayObject *)one))) {
            PyErr_Format(PyExc_ValueError, "table %zd: expected an array in one piece%s", k, written ? " that can be written to" : "");
            return -1;
        }
        PyArrayObject *array = (PyArrayObject *)one;
        const int axes = PyArray_NDIM(array);
        tables[k].at = PyArray_BYTES(array);
        tables[k].columns = axes ? PyArray_DIM(array, axes - 1) : 1;
    }
    return 0;
}

/* play(words, functions, bases, given, made, lanes, worlds, first, end): the blocks from `first` to before `end`; a row
   of `bases` tells where a block's arena lies and its part of every table that stays. */
static PyObject *play_all(PyObject *self, PyObject *args) {
    PyArrayObject *words, *bases;
    PyObject *functions, *given, *made;
    Py_ssize_t lanes, worlds, begin, end;
    (void)self;
    if (!PyArg_ParseTuple(args, "O!O!O!O!O!nnnn", &PyArray_Type, &words, &PyList_Type, &functions, &PyArray_Type, &bases,
                          &PyList_Type, &given, &PyList_Type, &made, &lanes, &worlds, &begin, &end))
        return NULL;
    const Py_ssize_t many = PyList_GET_SIZE(functions), in = PyList_GET_SIZE(given), out = PyList_GET_SIZE(made);
    if (PyArray_NDIM(bases) != 2 || PyArray_TYPE(bases) != NPY_INTP || !PyArray_IS_C_CONTIGUOUS(bases)) {
        PyErr_SetString(PyExc_ValueError, "bases: expected a table of addresses in one piece, blocks by bases");
        return NULL;
    }
    const Py_ssize_t blocks = PyArray_DIM(bases, 0), some_bases = PyArray_DIM(bases, 1);
    PyObject *result = NULL;
    Function *function = malloc(sizeof(Function) * (size_t)(many + 1));
    Table *tables = malloc(sizeof(Table) * (size_t)(in + out + 1));
    if (!function || !tables) {
        PyErr_NoMemory();
        goto done;
    }
    for (Py_ssize_t k = 0; k < many; k++)
        if (function_of(PyList_GET_ITEM(functions, k), function + k)) goto done;
    if (tables_of(given, tables, 0) || tables_of(made, tables + in, 1)) goto done;
    char *const *base = PyArray_DATA(bases);
    const int32_t *word = PyArray_DATA(words);
    int outside = 0;
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t block = begin; block < end && block < blocks; block++) {
        const Py_ssize_t first = block * lanes, some = worlds - first < lanes ? worlds - first : lanes;
        outside |= play(word, base + block * some_bases, function, tables, tables + in, lanes, first, some);
    }
    Py_END_ALLOW_THREADS
    if (outside)
        PyErr_SetString(PyExc_IndexError, "a law takes an entry outside of its table, or puts one there");
    else
        result = Py_NewRef(Py_None);
done:
    free(function), free(tables);
    return result;
}

static PyMethodDef methods[] = {
    {"play", play_all, METH_VARARGS, "Play a tape for all worlds: reads the tables given and writes those made."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "machine", .m_doc = "The machine that plays a tape.",
                                        .m_size = -1, .m_methods = methods};

PyMODINIT_FUNC PyInit_machine(void) {
    import_array();
    return PyModule_Create(&definition);
}
