/* A month of a crowd, compiled: the law of sim/markets/crowd_law.py, with its bits (S1.1-S1.3).

   Choosers are handled a tile at a time, so that what they weigh stays in the processor's first cache. Inside, a
   table has a row an option and a column a chooser, in float32. Every sum has the order it has there, a product
   and a sum are never fused (-ffp-contract=off), and logarithm and exponential are NumPy's own loops: so the
   number of bits a processor handles at once can change no result.
   LAW is the digest of crowd_law.py when this file was last brought in line with it; where it differs, the law
   is computed by NumPy (sim/markets/crowd_compiled.py). */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#include <numpy/ndarraytypes.h>
#include <numpy/ufuncobject.h>

#define LAW "66cc823135331327d02e19660215e87a72ede90aed1b0e596b9612e09f7d4674"

#define UNAWARE 255
#define NON_USE 0
/* Agents whose words are mixed at once, and choosers who weigh their options at once. */
#define BLOCK 1024
#define TILE 512
/* Worlds whose tables are laid out at once: a row of theirs fills a line of the cache. */
#define SOME 16

/* One build for every processor: the widest variant it has is taken when the module is loaded. */
#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 12
#define WIDEST __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define WIDEST
#endif
#if defined(__GNUC__)
#define INSIDE static inline __attribute__((always_inline))
#else
#define INSIDE static inline
#endif

/* ---------------------------------------------------------------- what a month is given */

typedef struct {
    PyUFuncGenericFunction loop;
    void *data;
} Function;

typedef struct {
    npy_intp labs, cells, links, agents, worlds;
    /* the turns, from and to before, whose agents choose */
    npy_intp from, to;
    /* (held, cell, world), (world,), (1 + lab, cell, world), (1 + lab + held, cell, world): crowd.MonthTable */
    const uint64_t *threshold, *likeliest;
    const float *plain, *habit, *free_share, *beta, *epsilon;
    /* (world,), (agent,) in the order of crowd_net.Turns, (agent, link) */
    const uint64_t *key, *luck;
    const int32_t *turn, *cell, *neighbour;
    /* (world, agent) */
    const uint8_t *before;
    const int64_t *weight_people;
    const uint16_t *voice;
    Function log, exp;
} Month;

/* The tables of a world, side by side, and room to work in. */
typedef struct {
    /* (held, cell), (1 + lab, cell), (held, cell), (1 + lab + held, cell) */
    uint64_t *threshold;
    float *plain, *habit, *free_share;
    /* (agent,): the row that an agent's voice counts for, and the voice */
    uint32_t *heard;
    uint32_t *seen;
    int64_t *change;
    /* (link, TILE) and (1 + lab, TILE) */
    uint16_t *lane, *voice;
    float *value;
} Room;

typedef struct {
    npy_intp many;
    int32_t agent[TILE], cell[TILE], held[TILE];
    float draw[TILE];
} Choosers;

/* ---------------------------------------------------------------- the law, in the order of crowd_law.py */

INSIDE uint64_t mix(uint64_t word) {
    word = (word ^ (word >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    word = (word ^ (word >> 27)) * UINT64_C(0x94D049BB133111EB);
    return word ^ (word >> 31);
}

INSIDE float drawn(uint64_t word) {
    const float unit = 1.0f / 16777216.0f;
    return (float)((uint32_t)word >> 8) * unit + unit;
}

/* The row of what is held in a table of non-use and labs; the unaware do without. */
INSIDE npy_intp lab_of(npy_intp held, npy_intp labs) { return held > 2 * labs ? NON_USE : (held + 1) >> 1; }

/* Whom each chooser sees: the row and the voice of every neighbour, a row a link. */
INSIDE void see(const Month *m, const Room *room, const Choosers *who, npy_intp columns) {
    for (npy_intp i = 0; i < who->many; i++) {
        const int32_t *seen = m->neighbour + (npy_intp)who->agent[i] * m->links;
        for (npy_intp link = 0; link < m->links; link++) room->seen[link * columns + i] = room->heard[seen[link]];
    }
    for (npy_intp i = 0; i < m->links * columns; i++) {
        room->lane[i] = (uint16_t)room->seen[i];
        room->voice[i] = (uint16_t)(room->seen[i] >> 16);
    }
}

/* Voices for non-use and every lab, then (n + eps t), and t in the place of non-use. */
INSIDE void shares(const Month *m, const Room *room, npy_intp columns, float epsilon) {
    uint16_t everybody[TILE] = {0}, total[TILE];
    float floor[TILE];
    for (npy_intp row = m->labs; row >= 0; row--) {
        const uint16_t of_row = (uint16_t)row;
        memset(total, 0, sizeof(uint16_t) * columns);
        for (npy_intp link = 0; link < m->links; link++) {
            const uint16_t *restrict lane = room->lane + link * columns;
            const uint16_t *restrict voice = room->voice + link * columns;
            for (npy_intp i = 0; i < columns; i++) total[i] += voice[i] & -(lane[i] == of_row);
        }
        for (npy_intp i = 0; i < columns; i++) everybody[i] += total[i];
        float *restrict value = room->value + row * columns;
        for (npy_intp i = 0; i < columns; i++) value[i] = (float)total[i];
    }
    for (npy_intp i = 0; i < columns; i++) {
        const float sum = (float)everybody[i];
        room->value[i] = sum > 1.0f ? sum : 1.0f;
        floor[i] = room->value[i] * epsilon;
    }
    for (npy_intp row = 1; row <= m->labs; row++) {
        float *restrict value = room->value + row * columns;
        for (npy_intp i = 0; i < columns; i++) value[i] += floor[i];
    }
}

INSIDE void apply(const Function *function, float *values, npy_intp size) {
    char *both[2] = {(char *)values, (char *)values};
    const npy_intp steps[2] = {sizeof(float), sizeof(float)};
    function->loop(both, &size, steps, function->data);
}

/* e^V t^beta and e^V (n + eps t)^beta, then the ends of all options laid end to end. */
INSIDE void weigh(const Month *m, const Room *room, const Choosers *who, npy_intp columns, float beta) {
    const npy_intp rows = 1 + m->labs;
    apply(&m->log, room->value, rows * columns);
    /* Choosers come cell by cell. */
    for (npy_intp from = 0, to; from < columns; from = to) {
        const npy_intp cell = who->cell[from];
        for (to = from + 1; to < columns && who->cell[to] == cell;) to++;
        for (npy_intp row = 0; row < rows; row++) {
            float *restrict value = room->value + row * columns;
            const float plain = room->plain[row * m->cells + cell];
            for (npy_intp i = from; i < to; i++) value[i] = value[i] * beta + plain;
        }
    }
    for (npy_intp i = 0; i < who->many; i++) {
        const npy_intp own = lab_of(who->held[i], m->labs);
        room->value[own * columns + i] += room->habit[who->held[i] * m->cells + who->cell[i]];
    }
    apply(&m->exp, room->value, rows * columns);
    for (npy_intp row = 1; row < rows; row++) {
        float *end = room->value + row * columns;
        for (npy_intp i = 0; i < columns; i++) end[i] += end[i - columns];
    }
}

/* The option at each chooser's place on the line; who moves takes its heads along. */
INSIDE void pick(const Month *m, const Room *room, const Choosers *who, npy_intp columns,
                 const int64_t *weight_people, uint8_t *after) {
    const npy_intp rows = 1 + m->labs;
    float place[TILE];
    int32_t passed[TILE] = {0};
    for (npy_intp i = 0; i < columns; i++) place[i] = who->draw[i] * room->value[m->labs * columns + i];
    for (npy_intp row = 0; row < m->labs; row++) {
        const float *restrict end = room->value + row * columns;
        for (npy_intp i = 0; i < columns; i++) passed[i] += end[i] < place[i];
    }
    int32_t option[TILE], mover[TILE];
    npy_intp movers = 0;
    for (npy_intp i = 0; i < who->many; i++) {
        const npy_intp at = passed[i], held = who->held[i], lab = at > 0 ? at : 1;
        const float before = room->value[(lab - 1) * columns + i], end = room->value[lab * columns + i];
        const npy_intp row = lab == lab_of(held, m->labs) ? rows + held : lab;
        const float free_share = room->free_share[row * m->cells + who->cell[i]];
        const int32_t tier = (int32_t)(2 * at - 1) + (place[i] - before > free_share * (end - before));
        option[i] = at > 0 ? tier : NON_USE;
        mover[movers] = (int32_t)i;
        movers += option[i] != held;
    }
    for (npy_intp k = 0; k < movers; k++) {
        const npy_intp i = mover[k], agent = who->agent[i], cell = who->cell[i];
        after[agent] = (uint8_t)option[i];
        room->change[who->held[i] * m->cells + cell] -= weight_people[agent];
        room->change[option[i] * m->cells + cell] += weight_people[agent];
    }
}

/* ---------------------------------------------------------------- a world */

INSIDE void choose(const Month *m, const Room *room, Choosers *who, npy_intp world, uint8_t *after) {
    if (!who->many) return;
    /* A tile is filled up to whole vectors; what its last columns come to is not looked at. */
    const npy_intp columns = (who->many + 15) & ~(npy_intp)15;
    for (npy_intp i = who->many; i < columns; i++) {
        who->cell[i] = who->cell[who->many - 1];
        who->draw[i] = 1.0f;
        for (npy_intp link = 0; link < m->links; link++) room->seen[link * columns + i] = UINT16_MAX;
    }
    see(m, room, who, columns);
    shares(m, room, columns, m->epsilon[world]);
    weigh(m, room, who, columns, m->beta[world]);
    pick(m, room, who, columns, m->weight_people + world * m->agents, after);
    who->many = 0;
}

/* Lay the columns of some worlds side by side: (row, world) -> (world, row). */
#define TAKE_COLUMNS(to, from, rows)                                                                                   \
    for (npy_intp row = 0; row < (rows); row++)                                                                        \
        for (npy_intp world = 0; world < some; world++)                                                                \
    (to)[world * (rows) + row] = (from)[row * m->worlds + first + world]

WIDEST static void lay_out(const Month *m, const Room *room, npy_intp first, npy_intp some) {
    const npy_intp helds = 2 + 2 * m->labs;
    TAKE_COLUMNS(room->threshold, m->threshold, helds * m->cells);
    TAKE_COLUMNS(room->habit, m->habit, helds * m->cells);
    TAKE_COLUMNS(room->plain, m->plain, (1 + m->labs) * m->cells);
    TAKE_COLUMNS(room->free_share, m->free_share, (1 + m->labs + helds) * m->cells);
}

WIDEST static void advance(const Month *m, const Room *room, Choosers *who, npy_intp world, uint8_t *after) {
    const npy_intp unaware = 1 + 2 * m->labs;
    const uint8_t *before = m->before + world * m->agents;
    const uint16_t *voice = m->voice + world * m->agents;
    for (npy_intp i = 0; i < m->agents; i++) {
        /* The unaware count for no row. */
        const uint32_t row = before[i] == UNAWARE ? UINT16_MAX : (uint32_t)(before[i] + 1) >> 1;
        room->heard[i] = (uint32_t)voice[i] << 16 | row;
    }
    const uint64_t key = mix(m->key[world] + UINT64_C(0x9E3779B97F4A7C15)), likeliest = m->likeliest[world];
    uint64_t word[BLOCK];
    int32_t may[BLOCK];
    who->many = 0;
    for (npy_intp start = m->from; start < m->to; start += BLOCK) {
        const npy_intp size = m->to - start < BLOCK ? m->to - start : BLOCK;
        for (npy_intp i = 0; i < size; i++) word[i] = mix(key + m->luck[start + i]);
        npy_intp many = 0;
        for (npy_intp i = 0; i < size; i++) {
            may[many] = (int32_t)i;
            many += word[i] <= likeliest;
        }
        for (npy_intp k = 0; k < many; k++) {
            const npy_intp i = may[k], agent = m->turn[start + i], cell = m->cell[start + i];
            const npy_intp held = before[agent] < unaware ? before[agent] : unaware;
            who->agent[who->many] = (int32_t)agent;
            who->cell[who->many] = (int32_t)cell;
            who->held[who->many] = (int32_t)held;
            who->draw[who->many] = drawn(word[i]);
            who->many += word[i] >> 32 < room->threshold[held * m->cells + cell];
            if (who->many == TILE) choose(m, room, who, world, after);
        }
    }
    choose(m, room, who, world, after);
}

/* ---------------------------------------------------------------- Python's side */

typedef struct {
    Py_buffer view;
    int open;
} Given;

/* Return an array's first entry; it must be contiguous and have so many entries of so many bytes. */
static void *entries(PyObject *array, Given *given, const char *name, npy_intp size, npy_intp bytes, int writable) {
    const int flags = PyBUF_C_CONTIGUOUS | (writable ? PyBUF_WRITABLE : 0);
    if (!array || PyObject_GetBuffer(array, &given->view, flags)) return NULL;
    given->open = 1;
    if (given->view.itemsize != bytes || given->view.len != size * bytes) {
        PyErr_Format(PyExc_ValueError, "%s: %zd bytes in entries of %zd; expected %zd entries of %zd", name,
                     given->view.len, given->view.itemsize, (Py_ssize_t)size, (Py_ssize_t)bytes);
        return NULL;
    }
    return given->view.buf;
}

/* Return the loop of a function of one float32, as NumPy chose it for this processor. */
static int float_loop(PyObject *function, Function *found) {
    const PyUFuncObject *ufunc = (const PyUFuncObject *)function;
    if (!strcmp(Py_TYPE(function)->tp_name, "numpy.ufunc") && ufunc->nin == 1 && ufunc->nout == 1) {
        for (int i = 0; i < ufunc->ntypes; i++) {
            if (ufunc->types[2 * i] == NPY_FLOAT && ufunc->types[2 * i + 1] == NPY_FLOAT) {
                found->loop = ufunc->functions[i];
                found->data = ufunc->data ? ufunc->data[i] : NULL;
                return 0;
            }
        }
    }
    PyErr_SetString(PyExc_TypeError, "expected a function of NumPy that has a loop for one float32");
    return -1;
}

#define TABLES 16

static PyObject *month(PyObject *self, PyObject *args, PyObject *named) {
    static char *names[] = {"log", "exp", "labs", "cells", "links", "from_turn", "to_turn", "threshold", "likeliest",
                            "plain", "habit", "free_share", "beta", "epsilon", "key", "luck", "turn", "cell",
                            "neighbour", "before", "weight_people", "voice", "after", "change", NULL};
    PyObject *logarithm, *exponential, *table[TABLES + 1];
    Month m;
    Py_ssize_t labs, cells, links, from, to;
    if (!PyArg_ParseTupleAndKeywords(args, named, "OOnnnnnOOOOOOOOOOOOOOOOO", names, &logarithm, &exponential,
                                     &labs, &cells, &links, &from, &to, table, table + 1, table + 2, table + 3,
                                     table + 4, table + 5, table + 6, table + 7, table + 8, table + 9, table + 10,
                                     table + 11, table + 12, table + 13, table + 14, table + 15, table + 16))
        return NULL;
    (void)self;
    if (float_loop(logarithm, &m.log) || float_loop(exponential, &m.exp)) return NULL;
    const Py_ssize_t agents = PyObject_Size(table[8]), worlds = PyObject_Size(table[7]);
    if (agents < 0 || worlds < 0) return NULL;
    if (from < 0 || to > agents || from > to) {
        PyErr_Format(PyExc_ValueError, "from_turn = %zd, to_turn = %zd: expected turns of %zd agents", from, to,
                     agents);
        return NULL;
    }
    m.labs = labs, m.cells = cells, m.links = links, m.agents = agents, m.worlds = worlds, m.from = from, m.to = to;
    const npy_intp helds = 2 + 2 * labs, all = cells * worlds, people = agents * worlds;
    const npy_intp size[TABLES + 1] = {helds * all,  worlds, (1 + labs) * all, helds * all,    (1 + labs + helds) * all,
                                       worlds,       worlds, worlds,           agents,         agents,
                                       agents, agents * links, people, people,         people,         people,
                                       worlds * helds * cells};
    const npy_intp bytes[TABLES + 1] = {8, 8, 4, 4, 4, 4, 4, 8, 8, 4, 4, 4, 1, 8, 2, 1, 8};
    Given given[TABLES + 1];
    void *at[TABLES + 1];
    memset(given, 0, sizeof(given));
    PyObject *result = NULL;
    Room room = {0};
    Choosers *who = NULL;
    for (int i = 0; i <= TABLES; i++) {
        at[i] = entries(table[i], given + i, names[7 + i], size[i], bytes[i], i >= TABLES - 1);
        if (!at[i]) goto done;
    }
    m.threshold = at[0], m.likeliest = at[1], m.plain = at[2], m.habit = at[3], m.free_share = at[4];
    m.beta = at[5], m.epsilon = at[6], m.key = at[7], m.luck = at[8], m.turn = at[9], m.cell = at[10];
    m.neighbour = at[11], m.before = at[12], m.weight_people = at[13], m.voice = at[14];
    room.threshold = malloc(sizeof(uint64_t) * helds * cells * SOME);
    room.habit = malloc(sizeof(float) * helds * cells * SOME);
    room.plain = malloc(sizeof(float) * (1 + labs) * cells * SOME);
    room.free_share = malloc(sizeof(float) * (1 + labs + helds) * cells * SOME);
    room.heard = malloc(sizeof(uint32_t) * agents);
    room.seen = malloc(sizeof(uint32_t) * links * TILE);
    room.lane = malloc(sizeof(uint16_t) * links * TILE);
    room.voice = malloc(sizeof(uint16_t) * links * TILE);
    room.value = malloc(sizeof(float) * (1 + labs) * TILE);
    who = malloc(sizeof(Choosers));
    if (!room.threshold || !room.habit || !room.plain || !room.free_share || !room.heard || !room.lane ||
        !room.voice || !room.value || !who) {
        PyErr_NoMemory();
        goto done;
    }
    Py_BEGIN_ALLOW_THREADS
    for (npy_intp first = 0; first < worlds; first += SOME) {
        const npy_intp some = worlds - first < SOME ? worlds - first : SOME;
        lay_out(&m, &room, first, some);
        Room one = room;
        one.change = (int64_t *)at[16] + first * helds * cells;
        for (npy_intp world = first; world < first + some; world++) {
            advance(&m, &one, who, world, (uint8_t *)at[15] + world * agents);
            one.threshold += helds * cells, one.habit += helds * cells, one.plain += (1 + labs) * cells;
            one.free_share += (1 + labs + helds) * cells, one.change += helds * cells;
        }
    }
    Py_END_ALLOW_THREADS
    result = Py_NewRef(Py_None);
done:
    free(room.threshold), free(room.habit), free(room.plain), free(room.free_share), free(room.heard);
    free(room.lane), free(room.voice), free(room.value), free(who);
    for (int i = 0; i <= TABLES; i++)
        if (given[i].open) PyBuffer_Release(&given[i].view);
    return result;
}

static PyMethodDef methods[] = {
    {"month", (PyCFunction)(void (*)(void))month, METH_VARARGS | METH_KEYWORDS,
     "Let some of the crowd of each world choose once: writes `after` and adds to `change` the heads that moved."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "crowd_kernel",
                                        .m_doc = "A month of a crowd, compiled.", .m_size = -1,
                                        .m_methods = methods};

PyMODINIT_FUNC PyInit_crowd_kernel(void) {
    PyObject *module = PyModule_Create(&definition);
    if (module && PyModule_AddStringConstant(module, "LAW", LAW)) Py_CLEAR(module);
    return module;
}
