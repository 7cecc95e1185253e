/* Reductions along an axis of [outer][size][inner]. */

/*: reduce_sum */
static inline void reduce_sum(const int32_t *restrict input, int32_t *restrict output, int32_t outer, int32_t size,
                              int32_t inner)
{
    for (int32_t o = 0; o < outer; o++)
        for (int32_t i = 0; i < inner; i++) {
            uint32_t sum = 0;
            for (int32_t k = 0; k < size; k++)
                sum += (uint32_t)input[(o * size + k) * inner + i];
            output[o * inner + i] = (int32_t)sum;
        }
}

/*: index_of_maximum: the first of the highest */
static inline void index_of_maximum(const int8_t *restrict input, int32_t *restrict output, int32_t outer,
                                    int32_t size, int32_t inner)
{
    for (int32_t o = 0; o < outer; o++)
        for (int32_t i = 0; i < inner; i++) {
            int32_t best = 0;
            for (int32_t k = 1; k < size; k++)
                if (input[(o * size + k) * inner + i] > input[(o * size + best) * inner + i])
                    best = k;
            output[o * inner + i] = best;
        }
}
