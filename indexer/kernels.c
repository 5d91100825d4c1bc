/* Top-k BM25 over blocks of quantised impacts; see blocks.py for the layout and why it is exact.
 *
 * Plain C behind ctypes, which releases the GIL. No state, no global: any number of threads may search one
 * index. Every array is read-only and mapped from disk. Their types and lengths were checked on opening
 * (blocks_layout.py); what they hold may be damaged, so every number read from them is checked before it
 * becomes an address or the end of a loop. A damaged index gives DAMAGED or wrong hits, never a crash.
 */

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__)
#define FOR_EACH_CPU __attribute__((target_clones("avx2", "default")))
#else
#define FOR_EACH_CPU
#endif

#define STEPS 255    /* impacts are 1..STEPS */
#define BIN 16       /* accumulator units in a bin of the histogram */
#define CHUNK 64     /* accumulators looked at together; blocks are padded to it */
#define OFFSETS 65536 /* that a 16-bit offset tells apart; no block has more rows */
#define NORM_LIMIT 1e12 /* as NORM_LIMIT in impacts.py */

#define NOT_FOUND -1
#define NO_MEMORY -1
#define DAMAGED -2

typedef struct {
    int64_t rows, terms, block_rows, dense_share;
    int64_t words_size, runs, postings, dense_size, odd; /* lengths of the arrays below */
    const uint8_t *words;            /* the vocabulary: UTF-8, sorted */
    const int64_t *word_starts;      /* terms + 1 */
    const int64_t *run_starts;       /* terms + 1: the runs of a term */
    const int64_t *sparse_starts;    /* terms: where its sparse runs begin in offsets and impacts */
    const int64_t *dense_starts;     /* terms: where its dense runs begin in dense */
    const uint16_t *run_blocks;
    const uint16_t *run_counts;      /* postings less one */
    const uint8_t *run_maxima;
    const uint16_t *offsets;
    const uint8_t *impacts;
    const uint8_t *dense;
    const int32_t *lengths;          /* rows: terms of the passage */
    const int64_t *odd_keys;         /* term << 32 | row, sorted: counts that the impact does not tell */
    const int32_t *odd_counts;
    double k1, b, average;
} Index;

typedef struct {
    const uint16_t *offsets;         /* NULL in a dense run */
    const uint8_t *impacts;
    int32_t count;                   /* 0: the block does not hold the term */
    uint16_t most;                   /* upper bound of what the run adds to an accumulator */
} Run;

typedef struct { int64_t row; uint32_t bound; double score; } Candidate;

/* What the caller compares with its own idea of Index: a library of another version must not be called. */
int64_t size_of_index(void) { return sizeof(Index); }

/* The number of a word of the vocabulary, NOT_FOUND or DAMAGED. */
int64_t find_word(const Index *index, const uint8_t *word, int64_t length)
{
    int64_t low = 0, high = index->terms;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        int64_t start = index->word_starts[middle], end = index->word_starts[middle + 1];
        if (start < 0 || end < start || end > index->words_size) return DAMAGED;
        int64_t size = end - start;
        int order = memcmp(index->words + start, word, (size_t)(size < length ? size : length));
        if (order == 0 && size == length) return middle;
        if (order < 0 || (order == 0 && size < length)) low = middle + 1; else high = middle;
    }
    return NOT_FOUND;
}

/* The share of an accumulator that an impact brings: never less than its part of the score, at least 1. */
static inline uint16_t share(uint8_t impact, uint16_t weight)
{
    return (uint16_t)((((uint32_t)impact * weight) >> 8) + 1);
}

FOR_EACH_CPU void add_dense(uint16_t *restrict sums, const uint8_t *restrict impacts, uint16_t weight, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        uint16_t raised = (uint16_t)(impacts[i] << 8);
        sums[i] += (uint16_t)(((uint32_t)raised * weight) >> 16) + (uint16_t)(impacts[i] != 0);
    }
}

static void add_sparse(uint16_t *restrict sums, const Run *run, uint16_t weight)
{
    const uint16_t *offsets = run->offsets;
    const uint8_t *impacts = run->impacts;
    for (int32_t i = 0; i < run->count; i++) sums[offsets[i]] += share(impacts[i], weight);
}

FOR_EACH_CPU void mask(uint16_t *restrict sums, const uint8_t *restrict allowed, int64_t count)
{
    for (int64_t i = 0; i < count; i++) sums[i] = allowed[i] ? sums[i] : 0;
}

/* First chunk from `from` on that holds a sum of at least `least`; `count` if there is none. */
FOR_EACH_CPU int64_t next_chunk(const uint16_t *sums, int64_t from, int64_t count, uint16_t least)
{
    for (; from < count; from += CHUNK) {
        uint16_t most = 0;
        for (int i = 0; i < CHUNK; i++) most = sums[from + i] > most ? sums[from + i] : most;
        if (most >= least) return from;
    }
    return count;
}

static int64_t padded(int64_t rows) { return (rows + CHUNK - 1) / CHUNK * CHUNK; }

static int64_t rows_of(const Index *index, int64_t block)
{
    int64_t left = index->rows - block * index->block_rows;
    return left < index->block_rows ? left : index->block_rows;
}

/* The runs of the query's terms, a row of `terms` for each block. 0 if they point outside the arrays. */
static int lay_out(const Index *index, int64_t blocks, const int64_t *terms, const uint16_t *weights,
                   int64_t count, Run *runs)
{
    for (int64_t t = 0; t < count; t++) {
        int64_t sparse = index->sparse_starts[terms[t]], dense = index->dense_starts[terms[t]];
        int64_t r = index->run_starts[terms[t]], end = index->run_starts[terms[t] + 1], before = -1;
        if (r < 0 || end < r || end > index->runs) return 0;
        if (sparse < 0 || sparse > index->postings || dense < 0 || dense > index->dense_size) return 0;
        for (; r < end; r++) {
            int64_t block = index->run_blocks[r];
            if (block <= before || block >= blocks) return 0;
            before = block;
            int64_t held = rows_of(index, block), size = padded(held);
            Run *run = &runs[block * count + t];
            run->count = index->run_counts[r] + 1;
            if (run->count > held) return 0;
            run->most = share(index->run_maxima[r], weights[t]);
            if (run->count * index->dense_share >= size) {
                if (size > index->dense_size - dense) return 0;
                run->offsets = NULL;
                run->impacts = index->dense + dense;
                dense += size;
            } else {
                if (run->count > index->postings - sparse) return 0;
                run->offsets = index->offsets + sparse;
                run->impacts = index->impacts + sparse;
                sparse += run->count;
            }
        }
    }
    return 1;
}

static uint8_t impact_of(const Run *run, uint16_t offset)
{
    if (!run->count) return 0;
    if (!run->offsets) return run->impacts[offset];
    const uint16_t *from = run->offsets;
    int32_t size = run->count;
    while (size > 1) {
        int32_t half = size / 2;
        from += from[half - 1] < offset ? half : 0;
        size -= half;
    }
    return *from == offset ? run->impacts[from - run->offsets] : 0;
}

static int quantised(double count, double norm) { return (int)ceil(STEPS * (count / (count + norm))); }

/* How often the passage holds the term: the least count that gives the impact, unless an odd one is noted.
 * `norm` is above 0 and below NORM_LIMIT: counts stay exact in a double, and the loops take a few steps. */
static double count_of(const Index *index, uint8_t impact, double norm, int64_t term, int64_t row)
{
    double share_below = (impact - 1) / (double)STEPS;
    double count = floor(norm * share_below / (1 - share_below));
    if (count < 1) count = 1;
    while (count > 1 && quantised(count - 1, norm) >= impact) count--;
    while (quantised(count, norm) < impact) count++;
    if (quantised(count + 1, norm) != impact) return count;
    int64_t key = term << 32 | row, low = 0, high = index->odd;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (index->odd_keys[middle] < key) low = middle + 1; else high = middle;
    }
    return low < index->odd && index->odd_keys[low] == key ? index->odd_counts[low] : count;
}

/* 0 if a length or a count is none. */
static int exact_score(const Index *index, const int64_t *terms, const double *weights, int64_t count,
                       const Run *runs, int64_t row, double *score)
{
    double norm = index->k1 * (1 - index->b + index->b * index->lengths[row] / index->average);
    if (!(norm > 0 && norm < NORM_LIMIT)) return 0;
    *score = 0;
    for (int64_t t = 0; t < count; t++) {
        uint8_t impact = impact_of(&runs[t], (uint16_t)(row % index->block_rows));
        if (!impact) continue;
        double times = count_of(index, impact, norm, terms[t], row);
        if (!(times >= 1)) return 0; /* a NaN would leave the order of the hits undefined */
        *score += weights[t] * times / (times + norm);
    }
    return 1;
}

static int better(const void *one, const void *other)
{
    const Candidate *a = one, *b = other;
    if (a->score != b->score) return a->score > b->score ? -1 : 1;
    return a->row < b->row ? -1 : a->row > b->row;
}

typedef struct { int64_t block; uint32_t bound; } Visit;

static int higher(const void *one, const void *other)
{
    const Visit *a = one, *b = other;
    if (a->bound != b->bound) return a->bound > b->bound ? -1 : 1;
    return a->block < b->block ? -1 : a->block > b->block;
}

/* The k best rows that hold one of the terms, best first, equal scores in row order.
 *
 * weights: of each term, above 0, in the order in which they are summed. scaled: the same for accumulators
 * (impact * scaled / 256, plus 1). window: how far a bound can lie above its score, in accumulator units.
 * allowed: one byte a row, or NULL. count and k are at least 1, and each term is the number of one. Returns
 * how many rows were written, NO_MEMORY or DAMAGED.
 */
int64_t search(const Index *index, const int64_t *terms, const double *weights, const uint16_t *scaled,
               int64_t count, int64_t k, int64_t window, const uint8_t *allowed, int64_t *rows, double *scores)
{
    int64_t blocks = (index->rows + index->block_rows - 1) / index->block_rows;
    int64_t capacity = 4 * k + 4096, held = 0, found = NO_MEMORY, bin = 0, above = 0;
    Run *runs = calloc((size_t)(blocks * count), sizeof(Run));
    Visit *visits = malloc((size_t)blocks * sizeof(Visit));
    uint16_t *sums = malloc(OFFSETS * sizeof(uint16_t)); /* whatever the offsets hold, they stay inside */
    uint32_t *bins = calloc(65536 / BIN + 1, sizeof(uint32_t));
    Candidate *candidates = malloc((size_t)capacity * sizeof(Candidate));
    if (!runs || !visits || !sums || !bins || !candidates) goto done;

    found = DAMAGED;
    if (!lay_out(index, blocks, terms, scaled, count, runs)) goto done;
    for (int64_t block = 0; block < blocks; block++) {
        visits[block] = (Visit){block, 0};
        for (int64_t t = 0; t < count; t++) visits[block].bound += runs[block * count + t].most;
    }
    qsort(visits, (size_t)blocks, sizeof(Visit), higher);

    int64_t least = 1; /* a sum below it cannot be among the best k */
    for (int64_t v = 0; v < blocks && visits[v].bound >= least; v++) {
        int64_t block = visits[v].block, first = block * index->block_rows;
        int64_t size = rows_of(index, block), length = padded(size);
        const Run *mine = &runs[block * count];
        memset(sums, 0, (size_t)length * sizeof(uint16_t));
        for (int64_t t = 0; t < count; t++)
            if (mine[t].count && mine[t].offsets) add_sparse(sums, &mine[t], scaled[t]);
        for (int64_t t = 0; t < count; t++)
            if (mine[t].count && !mine[t].offsets) add_dense(sums, mine[t].impacts, scaled[t], length);
        if (allowed) mask(sums, allowed + first, size);
        for (int64_t at = 0; (at = next_chunk(sums, at, length, (uint16_t)least)) < length; at += CHUNK) {
            for (int64_t i = at; i < at + CHUNK; i++) {
                if (sums[i] < least) continue;
                if (i >= size) goto done; /* padding that holds something */
                if (held == capacity) { /* forget what has fallen behind; grow if that frees too little */
                    int64_t kept = 0;
                    for (int64_t c = 0; c < held; c++)
                        if (candidates[c].bound >= least) candidates[kept++] = candidates[c];
                    held = kept;
                    if (kept > capacity / 2) {
                        Candidate *larger = realloc(candidates, (size_t)capacity * 2 * sizeof(Candidate));
                        if (!larger) {
                            found = NO_MEMORY;
                            goto done;
                        }
                        candidates = larger;
                        capacity *= 2;
                    }
                }
                candidates[held++] = (Candidate){first + i, sums[i], 0};
                int64_t mine_bin = sums[i] / BIN;
                bins[mine_bin]++;
                if (mine_bin < bin) continue;
                above++;
                while (above - bins[bin] >= k) above -= bins[bin++];
                if (bin * BIN - window > least) least = bin * BIN - window;
            }
        }
    }

    int64_t left = 0;
    for (int64_t c = 0; c < held; c++) {
        if (candidates[c].bound < least) continue;
        candidates[left] = candidates[c];
        int64_t row = candidates[left].row;
        const Run *mine = &runs[row / index->block_rows * count];
        if (!exact_score(index, terms, weights, count, mine, row, &candidates[left].score)) goto done;
        left++;
    }
    qsort(candidates, (size_t)left, sizeof(Candidate), better);
    found = left < k ? left : k;
    for (int64_t c = 0; c < found; c++) {
        rows[c] = candidates[c].row;
        scores[c] = candidates[c].score;
    }
done:
    free(runs); free(visits); free(sums); free(bins); free(candidates);
    return found;
}
