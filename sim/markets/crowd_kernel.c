/* A month of a crowd, compiled: the law of sim/markets/crowd_law.py, with its bits (S1.1-S1.3).

   Choosers are handled a tile at a time, so that what they weigh stays in the processor's first cache. Inside, a
   table has a row an option and a column a chooser, in float32. Every sum has the order it has there, and a product
   and a sum are never fused (-ffp-contract=off), in logarithm and exponential neither (sim/elementary/singles.py): so the
   number of bits a processor handles at once can change no result.
   LAW is the digest of crowd_law.py and singles.py when this file was last brought in line with them; where it
   differs, the law is computed by NumPy (sim/markets/crowd_compiled.py). */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#include <numpy/ndarraytypes.h>

#define LAW "1c598e5cd1525ebebb1ae95b75150ed7470aca772ff968048a5d5d428791a52f"

#define UNAWARE 255
#define NON_USE 0
/* Agents whose words are mixed at once, and choosers who weigh their options at once. */
#define BLOCK 1024
#define TILE 512
/* Agents of whom the second cache does not hold all, and how many choosers ahead it is asked for what they see. */
#define FAR 250000
#define AHEAD 16
/* Worlds whose tables are laid out at once: a row of theirs fills a line of the cache. */
#define SOME 16

#include "../processors.h"
#if defined(__GNUC__)
#define FETCH(at) __builtin_prefetch(at)
#else
#define FETCH(at) (void)(at)
#endif

/* ---------------------------------------------------------------- what a month is given */

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
    /* the terms of sim/elementary/singles.py, the lowest first */
    const float *log2, *exp2;
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
    const npy_intp asked = m->agents > FAR ? who->many - AHEAD : 0;
    for (npy_intp i = 0; i < who->many; i++) {
        if (i < asked) {
            const int32_t *later = m->neighbour + (npy_intp)who->agent[i + AHEAD] * m->links;
            for (npy_intp link = 0; link < m->links; link++) FETCH(room->heard + later[link]);
        }
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

INSIDE int32_t bits_of(float x) {
    int32_t bits;
    memcpy(&bits, &x, sizeof(bits));
    return bits;
}

INSIDE float single_of(int32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof(x));
    return x;
}

#define LOG2_TERMS 9
#define EXP2_TERMS 7

/* log2 and exp2 of sim/elementary/singles.py. */
INSIDE float log2_of(float x, const float *term) {
    const int32_t bits = bits_of(x), power = (bits - 0x3F3504F3) >> 23;
    const float beyond = single_of(bits - power * (1 << 23)) - 1.0f;
    const float second = beyond * beyond, fourth = second * second, eighth = fourth * fourth;
    const float low = (term[3] * beyond + term[2]) * second + (term[1] * beyond + term[0]);
    const float high = (term[7] * beyond + term[6]) * second + (term[5] * beyond + term[4]);
    const float found = (term[8] * eighth + (high * fourth + low)) * beyond + (float)power;
    /* So said, and not as a choice, it is vectorised. */
    return found - (x == 0.0f ? INFINITY : 0.0f);
}

INSIDE float exp2_of(float x, const float *term) {
    const float above = x > -127.0f ? x : -127.0f;
    /* Between 2^23 and 2^24 float32 holds whole numbers only, so that the sum rounds to one. */
    const float rounds = 12582912.0f, whole = (above + rounds) - rounds, part = above - whole;
    const float second = part * part, fourth = second * second;
    const float low = (term[3] * part + term[2]) * second + (term[1] * part + term[0]);
    const float high = term[6] * second + (term[5] * part + term[4]);
    return (high * fourth + low) * single_of(((int32_t)whole + 127) * (1 << 23));
}

/* e^V t^beta and e^V (n + eps t)^beta, all options laid end to end. */
INSIDE void weigh(const Month *m, const Room *room, const Choosers *who, npy_intp columns, float beta) {
    const npy_intp rows = 1 + m->labs;
    float log2_term[LOG2_TERMS], exp2_term[EXP2_TERMS], plain[TILE], habit[TILE], end[TILE] = {0};
    int32_t own[TILE];
    memcpy(log2_term, m->log2, sizeof(log2_term));
    memcpy(exp2_term, m->exp2, sizeof(exp2_term));
    /* Choosers come cell by cell: where each begins. */
    npy_intp begin[TILE + 1], runs = 0;
    for (npy_intp i = 0; i < columns; i++) {
        own[i] = (int32_t)lab_of(who->held[i], m->labs);
        habit[i] = room->habit[who->held[i] * m->cells + who->cell[i]];
        if (!i || who->cell[i] != who->cell[i - 1]) begin[runs++] = i;
    }
    begin[runs] = columns;
    for (npy_intp row = 0; row < rows; row++) {
        for (npy_intp run = 0; run < runs; run++) {
            const float of_cell = room->plain[row * m->cells + who->cell[begin[run]]];
            for (npy_intp i = begin[run]; i < begin[run + 1]; i++) plain[i] = of_cell;
        }
        const int32_t of_row = (int32_t)row;
        float *restrict value = room->value + row * columns;
        /* Two loops, since one chain of sums and products that long would keep the processor waiting. */
        for (npy_intp i = 0; i < columns; i++) value[i] = log2_of(value[i], log2_term) * beta + plain[i];
        for (npy_intp i = 0; i < columns; i++) {
            const float weight = exp2_of(value[i], exp2_term);
            end[i] += weight * (own[i] == of_row ? habit[i] : 1.0f);
            value[i] = end[i];
        }
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
        FETCH(weight_people + who->agent[i]);
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
        who->held[i] = who->held[who->many - 1];
        who->draw[i] = 1.0f;
        for (npy_intp link = 0; link < m->links; link++) room->seen[link * columns + i] = UINT16_MAX;
    }
    see(m, room, who, columns);
    shares(m, room, columns, m->epsilon[world]);
    weigh(m, room, who, columns, m->beta[world]);
    pick(m, room, who, columns, m->weight_people + world * m->agents, after);
    who->many = 0;
}

/* Lay the columns of some worlds side by side, a square at a time: (row, world) -> (world, row). */
#define TAKE_COLUMNS(to, from, rows)                                                                                   \
    for (npy_intp begin = 0; begin < (rows); begin += SOME)                                                            \
        for (npy_intp world = 0; world < some; world++)                                                                \
            for (npy_intp row = begin; row < begin + SOME && row < (rows); row++)                                      \
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

#define SIZES 5
#define TABLES 19

static PyObject *month(PyObject *self, PyObject *args, PyObject *named) {
    static char *names[] = {"labs", "cells", "links", "from_turn", "to_turn", "log2_terms", "exp2_terms", "threshold",
                            "likeliest", "plain", "habit", "free_share", "beta", "epsilon", "key", "luck", "turn",
                            "cell", "neighbour", "before", "weight_people", "voice", "after", "change", NULL};
    PyObject *table[TABLES];
    Month m;
    Py_ssize_t labs, cells, links, from, to;
    if (!PyArg_ParseTupleAndKeywords(args, named, "nnnnnOOOOOOOOOOOOOOOOOOO", names, &labs, &cells, &links, &from, &to,
                                     table, table + 1, table + 2, table + 3, table + 4, table + 5, table + 6,
                                     table + 7, table + 8, table + 9, table + 10, table + 11, table + 12, table + 13,
                                     table + 14, table + 15, table + 16, table + 17, table + 18))
        return NULL;
    (void)self;
    const Py_ssize_t agents = PyObject_Size(table[10]), worlds = PyObject_Size(table[9]);
    if (agents < 0 || worlds < 0) return NULL;
    if (from < 0 || to > agents || from > to) {
        PyErr_Format(PyExc_ValueError, "from_turn = %zd, to_turn = %zd: expected turns of %zd agents", from, to,
                     agents);
        return NULL;
    }
    m.labs = labs, m.cells = cells, m.links = links, m.agents = agents, m.worlds = worlds, m.from = from, m.to = to;
    const npy_intp helds = 2 + 2 * labs, all = cells * worlds, people = agents * worlds;
    const npy_intp size[TABLES] = {LOG2_TERMS, EXP2_TERMS, helds * all, worlds, (1 + labs) * all, helds * all,
                                   (1 + labs + helds) * all, worlds, worlds, worlds, agents, agents, agents,
                                   agents * links, people, people, people, people, worlds * helds * cells};
    const npy_intp bytes[TABLES] = {4, 4, 8, 8, 4, 4, 4, 4, 4, 8, 8, 4, 4, 4, 1, 8, 2, 1, 8};
    Given given[TABLES];
    void *at[TABLES];
    memset(given, 0, sizeof(given));
    PyObject *result = NULL;
    Room room = {0};
    Choosers *who = NULL;
    for (int i = 0; i < TABLES; i++) {
        at[i] = entries(table[i], given + i, names[SIZES + i], size[i], bytes[i], i >= TABLES - 2);
        if (!at[i]) goto done;
    }
    m.log2 = at[0], m.exp2 = at[1], m.threshold = at[2], m.likeliest = at[3], m.plain = at[4], m.habit = at[5];
    m.free_share = at[6], m.beta = at[7], m.epsilon = at[8], m.key = at[9], m.luck = at[10], m.turn = at[11];
    m.cell = at[12], m.neighbour = at[13], m.before = at[14], m.weight_people = at[15], m.voice = at[16];
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
        !room.seen || !room.voice || !room.value || !who) {
        PyErr_NoMemory();
        goto done;
    }
    Py_BEGIN_ALLOW_THREADS
    for (npy_intp first = 0; first < worlds; first += SOME) {
        const npy_intp some = worlds - first < SOME ? worlds - first : SOME;
        lay_out(&m, &room, first, some);
        Room one = room;
        one.change = (int64_t *)at[18] + first * helds * cells;
        for (npy_intp world = first; world < first + some; world++) {
            advance(&m, &one, who, world, (uint8_t *)at[17] + world * agents);
            one.threshold += helds * cells, one.habit += helds * cells, one.plain += (1 + labs) * cells;
            one.free_share += (1 + labs + helds) * cells, one.change += helds * cells;
        }
    }
    Py_END_ALLOW_THREADS
    result = Py_NewRef(Py_None);
done:
    free(room.threshold), free(room.habit), free(room.plain), free(room.free_share), free(room.heard);
    free(room.lane), free(room.voice), free(room.value), free(room.seen), free(who);
    for (int i = 0; i < TABLES; i++)
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
