/* The elementary functions of doubles.py, for many numbers at once: each line here is one there, in the same order, so
   that the bits are the same. Products and sums are never fused (-ffp-contract=off). The numbers of doubles.py
   are read from it. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <fenv.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#include <numpy/arrayobject.h>
#include <numpy/ufuncobject.h>

#include "../processors.h"

/* Numbers are taken in pieces, each in one place, so that a compiler may do many at once. */
#define PIECE 32

#define NUMBERS(DO)                                                                                                    \
    DO(PER_LN2) DO(LN2_HIGH) DO(LN2_LOW) DO(MOST) DO(LEAST) DO(LEAST_BUT_ONE) DO(FLAT) DO(HUGE) DO(LARGEST_POWER)      \
    DO(NEAR) DO(NEAR_SQUARE) DO(TAIL) DO(FAR)
#define NUMBER(NAME) static double NAME##_;
NUMBERS(NUMBER)
#define EXP_MANY 11
#define LOG_MANY 7
#define QUANTILE_MANY 8
static double exp_terms[EXP_MANY], log_terms[LOG_MANY], quantile_terms[6][QUANTILE_MANY];

/* What the format of doubles makes of the names of doubles.py that begin with a line. */
static const double WHOLE = 6755399441055744.0, HALVES = 134217729.0, SMALLEST_NORMAL = 0x1p-1022, RAISED = 54.0;
static const uint64_t ROOT_HALF = 0x3fe6a09e667f3bcdu, DIGITS = 52, BIAS = 1023;

INSIDE uint64_t bits_of(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof(bits));
    return bits;
}
INSIDE double of_bits(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof(x));
    return x;
}
INSIDE double larger(double x, double least) { return x < least ? least : x; }
INSIDE double smaller(double x, double most) { return x > most ? most : x; }

#define PAIR(low, high, x) ((high) * (x) + (low))

INSIDE double exp_polynomial(double x) {
    const double *t = exp_terms, x2 = x * x, x4 = x2 * x2, x8 = x4 * x4;
    const double a = PAIR(PAIR(t[0], t[1], x), PAIR(t[2], t[3], x), x2);
    const double b = PAIR(PAIR(t[4], t[5], x), PAIR(t[6], t[7], x), x2);
    return PAIR(PAIR(a, b, x4), PAIR(PAIR(t[8], t[9], x), t[10], x2), x8);
}

INSIDE double log_polynomial(double x) {
    const double *t = log_terms, x2 = x * x, x4 = x2 * x2;
    const double a = PAIR(PAIR(t[0], t[1], x), PAIR(t[2], t[3], x), x2);
    return PAIR(a, PAIR(PAIR(t[4], t[5], x), t[6], x2), x4);
}

typedef struct {
    double beyond, more, whole;
} Split;

INSIDE Split reduced(double x) {
    const double whole = (x * PER_LN2_ + WHOLE) - WHOLE;
    const double high = x - whole * LN2_HIGH_, low = whole * LN2_LOW_, beyond = high - low;
    return (Split){beyond, (high - beyond) - low, whole};
}

INSIDE double exp_less_one(double beyond, double more) {
    return beyond + ((beyond * beyond) * exp_polynomial(beyond) + more);
}

INSIDE double power_of_2(double whole) { return of_bits((bits_of(whole + WHOLE) - bits_of(WHOLE) + BIAS) << DIGITS); }

INSIDE double scaled(double found, double whole) {
    const double part = (whole * 0.5 + WHOLE) - WHOLE;
    return found * power_of_2(part) * power_of_2(whole - part);
}

INSIDE Split mantissa(double x) {
    const int low = x < SMALLEST_NORMAL;
    const double raised = x * 0x1p54;
    const uint64_t above = bits_of(low ? raised : x) - ROOT_HALF + (BIAS << DIGITS);
    const double whole = of_bits((above >> DIGITS) - BIAS + bits_of(WHOLE)) - WHOLE - (low ? RAISED : 0.0);
    return (Split){of_bits((above & ((UINT64_C(1) << DIGITS) - 1)) + ROOT_HALF) - 1.0, 0.0, whole};
}

INSIDE double log_and(double x, double more) {
    const Split m = mantissa(x);
    const double slope = m.beyond / (2.0 + m.beyond), square = slope * slope, half_square = 0.5 * m.beyond * m.beyond;
    const double rest = slope * (half_square + square * log_polynomial(square)) + (m.whole * LN2_LOW_ + more);
    const double found = m.whole * LN2_HIGH_ - ((half_square - rest) - m.beyond);
    const double some = x < INFINITY ? found : x, none = x == 0.0 ? -INFINITY : NAN;
    return x > 0.0 ? some : none;
}

INSIDE double product(double x, double y, double *lost) {
    const double found = x * y, x_far = x * HALVES, y_far = y * HALVES;
    const double x_high = x_far - (x_far - x), y_high = y_far - (y_far - y), x_low = x - x_high, y_low = y - y_high;
    *lost = ((x_high * y_high - found) + x_high * y_low + x_low * y_high) + x_low * y_low;
    return found;
}

INSIDE double log_in_two(double x, double *short_of) {
    const Split m = mantissa(x);
    const double above = 2.0 + m.beyond, slope = m.beyond / above, square = slope * slope;
    double lost;
    const double multiple = product(slope, above, &lost);
    const double more = ((m.beyond - multiple) - lost - slope * (m.beyond - (above - 2.0))) / above;
    const double high = m.whole * LN2_HIGH_, total = high + 2.0 * slope;
    const double low = (2.0 * slope - (total - high)) +
                       (m.whole * LN2_LOW_ + (2.0 * more + slope * square * log_polynomial(square)));
    const double found = total + low;
    *short_of = low - (found - total);
    return found;
}

INSIDE double exp_of(double x) {
    const Split s = reduced(smaller(larger(x, LEAST_), MOST_));
    return scaled(1.0 + exp_less_one(s.beyond, s.more), s.whole);
}

INSIDE double expm1_of(double x) {
    const Split s = reduced(smaller(larger(x, LEAST_BUT_ONE_), MOST_));
    const double half = power_of_2(s.whole - 1.0);
    return 2.0 * (half * exp_less_one(s.beyond, s.more) + (half - 0.5));
}

INSIDE double log_of(double x) { return log_and(x, 0.0); }

INSIDE double log1p_of(double x) {
    const int plain = x < HUGE_;
    const double near = plain ? x : 0.0, above = 1.0 + near;
    const double from_one = 1.0 - (above - near), from_x = near - (above - 1.0);
    const double lost = near >= 1.0 ? from_one : from_x;
    return log_and(plain ? above : x, lost / (above == 0.0 ? 1.0 : above));
}

INSIDE double tanh_of(double x) {
    const double fallen = expm1_of(-2.0 * smaller(fabs(x), FLAT_));
    return copysign(-fallen / (2.0 + fallen), x);
}

INSIDE double power_of(double x, double y) {
    const double factor = smaller(larger(y, -LARGEST_POWER_), LARGEST_POWER_);
    double low, lost;
    const double high = log_in_two(x, &low), multiple = product(factor, high, &lost);
    const double top = smaller(larger(multiple, LEAST_), MOST_), all_lost = lost + factor * low;
    const Split s = reduced(top);
    const double left = top == multiple ? all_lost : 0.0, added = s.beyond + left;
    const double found = scaled(1.0 + exp_less_one(added, s.more + ((s.beyond - added) + left)), s.whole);
    const int grows = y > 0.0;
    const double at_most = grows ? INFINITY : 0.0, at_0 = grows ? 0.0 : INFINITY;
    const double beyond = x == INFINITY ? at_most : NAN, below = x == 0.0 ? at_0 : NAN;
    const double some = x < INFINITY ? found : beyond, any = x > 0.0 ? some : below;
    const double known = y == 1.0 ? x : any, all = y == 0.0 ? 1.0 : known;
    return y != y ? y : all;
}

INSIDE double quantile_polynomial(const double *t, double x) {
    const double x2 = x * x, x4 = x2 * x2;
    const double a = PAIR(PAIR(t[0], t[1], x), PAIR(t[2], t[3], x), x2);
    return PAIR(a, PAIR(PAIR(t[4], t[5], x), PAIR(t[6], t[7], x), x2), x4);
}

INSIDE double quotient(int which, double x) {
    return quantile_polynomial(quantile_terms[which], x) / quantile_polynomial(quantile_terms[which + 1], x);
}

INSIDE double normal_quantile_of(double share) {
    const double off = share - 0.5, left = NEAR_SQUARE_ - off * off;
    const double near = off * quantile_polynomial(quantile_terms[0], left) / quantile_polynomial(quantile_terms[1], left);
    const double other = 1.0 - share, depth = sqrt(-log_and(share < other ? share : other, 0.0));
    const double beyond = quotient(2, depth - TAIL_), far = quotient(4, depth - FAR_);
    const double tail = copysign(depth <= FAR_ ? beyond : far, off);
    return fabs(off) <= NEAR_ ? near : tail;
}

#define PIECES(NAME, INPUTS, RESULT)                                                                                   \
    WIDEST static void NAME##_piece(const double *restrict x, const double *restrict y, double *restrict z) {          \
        (void)y;                                                                                                       \
        for (int i = 0; i < PIECE; i++) z[i] = RESULT;                                                                 \
    }                                                                                                                  \
    static void NAME##_loop(char **at, const npy_intp *many, const npy_intp *step, void *data) {                       \
        double in[INPUTS][PIECE], out[PIECE];                                                                          \
        (void)data;                                                                                                    \
        for (npy_intp begin = 0; begin < many[0]; begin += PIECE) {                                                    \
            const int some = many[0] - begin < PIECE ? (int)(many[0] - begin) : PIECE;                                 \
            for (int k = 0; k < INPUTS; k++) {                                                                         \
                const char *from = at[k] + begin * step[k];                                                            \
                if (some == PIECE && step[k] == sizeof(double))                                                        \
                    memcpy(in[k], from, sizeof(in[k]));                                                                \
                else                                                                                                   \
                    for (int i = 0; i < PIECE; i++) in[k][i] = i < some ? *(const double *)(from + i * step[k]) : 1.0; \
            }                                                                                                          \
            NAME##_piece(in[0], in[INPUTS - 1], out);                                                                  \
            char *to = at[INPUTS] + begin * step[INPUTS];                                                              \
            if (some == PIECE && step[INPUTS] == sizeof(double))                                                       \
                memcpy(to, out, sizeof(out));                                                                          \
            else                                                                                                       \
                for (int i = 0; i < some; i++) *(double *)(to + i * step[INPUTS]) = out[i];                            \
        }                                                                                                              \
        feclearexcept(FE_ALL_EXCEPT); /* NumPy would warn of what no result shows */                                   \
    }

PIECES(exp, 1, exp_of(x[i]))
PIECES(expm1, 1, expm1_of(x[i]))
PIECES(log, 1, log_of(x[i]))
PIECES(log1p, 1, log1p_of(x[i]))
PIECES(tanh, 1, tanh_of(x[i]))
PIECES(power, 2, power_of(x[i], y[i]))
PIECES(normal_quantile, 1, normal_quantile_of(x[i]))

/* ---------------------------------------------------------------- what Python sees */

static int number_from(PyObject *law, const char *name, double *into) {
    PyObject *found = PyObject_GetAttrString(law, name);
    if (!found) return -1;
    *into = PyFloat_AsDouble(found);
    Py_DECREF(found);
    return PyErr_Occurred() ? -1 : 0;
}

static int terms_of(PyObject *tuple, const char *name, Py_ssize_t many, double *into) {
    if (!PyTuple_Check(tuple) || PyTuple_GET_SIZE(tuple) != many)
        PyErr_Format(PyExc_ValueError, "%s: expected a tuple of %zd terms", name, many);
    for (Py_ssize_t k = 0; k < many && !PyErr_Occurred(); k++) into[k] = PyFloat_AsDouble(PyTuple_GET_ITEM(tuple, k));
    return PyErr_Occurred() ? -1 : 0;
}

static int terms_from(PyObject *law, const char *name, Py_ssize_t many, double *into) {
    PyObject *found = PyObject_GetAttrString(law, name);
    const int failed = !found || terms_of(found, name, many, into);
    Py_XDECREF(found);
    return failed;
}

static int rows_from(PyObject *law, const char *name, Py_ssize_t rows, Py_ssize_t many, double *into) {
    PyObject *found = PyObject_GetAttrString(law, name);
    int failed = !found;
    if (!failed && (!PyTuple_Check(found) || PyTuple_GET_SIZE(found) != rows)) {
        PyErr_Format(PyExc_ValueError, "%s: expected a tuple of %zd tuples", name, rows);
        failed = 1;
    }
    for (Py_ssize_t row = 0; row < rows && !failed; row++)
        failed = terms_of(PyTuple_GET_ITEM(found, row), name, many, into + row * many);
    Py_XDECREF(found);
    return failed;
}

static int add_function(PyObject *module, const char *name, PyUFuncGenericFunction *loop, int inputs) {
    static const char types[] = {NPY_DOUBLE, NPY_DOUBLE, NPY_DOUBLE};
    static void *const data[] = {NULL};
    PyObject *one = PyUFunc_FromFuncAndData(loop, data, types, 1, inputs, 1, PyUFunc_None, name, "See doubles.py.", 0);
    if (!one) return -1;
    const int failed = PyModule_AddObjectRef(module, name, one);
    Py_DECREF(one);
    return failed;
}

#define FUNCTIONS(DO) DO(exp, 1) DO(expm1, 1) DO(log, 1) DO(log1p, 1) DO(tanh, 1) DO(power, 2) DO(normal_quantile, 1)

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "kernel", .m_doc = "The functions of doubles.py.",
                                        .m_size = -1};

PyMODINIT_FUNC PyInit_kernel(void) {
    import_array();
    import_umath();
    PyObject *module = PyModule_Create(&definition), *law = PyImport_ImportModule("sim.elementary.doubles");
    int failed = !module || !law || terms_from(law, "EXP_TERMS", EXP_MANY, exp_terms) ||
                 terms_from(law, "LOG_TERMS", LOG_MANY, log_terms) ||
                 rows_from(law, "QUANTILE_TERMS", 6, QUANTILE_MANY, quantile_terms[0]);
#define READ(NAME) failed = failed || number_from(law, #NAME, &NAME##_);
    NUMBERS(READ)
#define ADD(NAME, INPUTS)                                                                                              \
    static PyUFuncGenericFunction NAME##_loops[] = {NAME##_loop};                                                      \
    failed = failed || add_function(module, #NAME, NAME##_loops, INPUTS);
    FUNCTIONS(ADD)
    Py_XDECREF(law);
    if (failed) Py_CLEAR(module);
    return module;
}
