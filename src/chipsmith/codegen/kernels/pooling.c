/*: pool: the sizes of a pool over [images][height][width][channels] */
typedef struct {
    int32_t images, height, width, channels, out_height, out_width;
    int32_t step_n, step_z, step_y, step_x;
    int32_t kernel_height, kernel_width, stride_y, stride_x, top, left;
    int32_t input_zero, output_zero;
} pool;

/*: window: the rows and columns of the input that a place of the window covers, each end one behind the last */
typedef struct {
    int32_t y0, y1, x0, x1;
} window;

/*: pool_window */
static inline window pool_window(const pool *p, int32_t y, int32_t x)
{
    const int32_t top = y * p->stride_y - p->top, left = x * p->stride_x - p->left;
    window w = {top < 0 ? 0 : top, top + p->kernel_height, left < 0 ? 0 : left, left + p->kernel_width};
    w.y1 = w.y1 > p->height ? p->height : w.y1;
    w.x1 = w.x1 > p->width ? p->width : w.x1;
    return w;
}

/*: average_of: sum x 1 / count by the rounded reciprocal of 31 bits that TOSA defines */
static inline int8_t average_of(const pool *p, int32_t sum, int32_t count)
{
    const int32_t bits = 32 - count_leading_zeros(count - 1);
    const int32_t multiplier = (int32_t)(((INT64_C(1) << 30) + 1) * (INT64_C(1) << bits) / count);
    return (int8_t)clamp64(scale_single(sum, multiplier, 30 + bits) + p->output_zero, -128, 127);
}

/*: average_pool: blocks of channels together */
static inline void average_pool(const pool *p, const int8_t *restrict input, int8_t *restrict output)
{
    for (int32_t n = 0; n < p->images; n++)
        for (int32_t y = 0; y < p->out_height; y++)
            for (int32_t x = 0; x < p->out_width; x++) {
                const window w = pool_window(p, y, x);
                const int32_t count = (w.y1 - w.y0) * (w.x1 - w.x0);
                for (int32_t c = 0; c < p->channels; c += BLOCK) {
                    const int32_t channels = p->channels - c < BLOCK ? p->channels - c : BLOCK;
                    uint32_t sums[BLOCK] = {0};
                    for (int32_t iy = w.y0; iy < w.y1; iy++)
                        for (int32_t ix = w.x0; ix < w.x1; ix++) {
                            const int8_t *pixel = input + n * p->step_n + iy * p->step_y + ix * p->step_x + c;
                            for (int32_t i = 0; i < channels; i++)
                                sums[i] += (uint32_t)(pixel[i] - p->input_zero);
                        }
                    for (int32_t i = 0; i < channels; i++)
                        *output++ = average_of(p, (int32_t)sums[i], count);
                }
            }
}

/*: maximum_pool */
static inline void maximum_pool(const pool *p, const int8_t *restrict input, int8_t *restrict output)
{
    for (int32_t n = 0; n < p->images; n++)
        for (int32_t y = 0; y < p->out_height; y++)
            for (int32_t x = 0; x < p->out_width; x++, output += p->channels) {
                const window w = pool_window(p, y, x);
                memset(output, -128, (size_t)p->channels);
                for (int32_t iy = w.y0; iy < w.y1; iy++)
                    for (int32_t ix = w.x0; ix < w.x1; ix++) {
                        const int8_t *pixel = input + n * p->step_n + iy * p->step_y + ix * p->step_x;
                        for (int32_t c = 0; c < p->channels; c++)
                            output[c] = pixel[c] > output[c] ? pixel[c] : output[c];
                    }
            }
}
