/*: convolution: its sizes; images, planes, rows and pixels of the input are so many steps apart, weights are
 * [outputs][planes][rows][columns][inputs] */
typedef struct {
    int32_t images, depth, height, width, inputs;
    int32_t out_depth, out_height, out_width, outputs;
    int32_t step_n, step_z, step_y, step_x;
    int32_t kernel_depth, kernel_height, kernel_width;
    int32_t stride_z, stride_y, stride_x, dilation_z, dilation_y, dilation_x, front, top, left;
    int32_t input_zero, weight_zero;
    int32_t row_size; /* from the weights of a channel to those of the next */
    int32_t bias_step;
} convolution;

/*: requantization: how 32-bit sums become 8-bit values, a multiplier and a shift for each output channel */
typedef struct {
    const int32_t *multipliers;
    const int8_t *shifts;
    int32_t zero, low, high;
    bool is_double, is_high; /* is_high: all shifts are 33 or more */
} requantization;

/*: requantize: sums of neighbouring channels from `first` on */
static inline void requantize(const requantization *r, const int32_t *restrict sums, int8_t *restrict values,
                              int32_t first, int32_t count)
{
    const int32_t *multipliers = r->multipliers + first;
    const int8_t *shifts = r->shifts + first;
    const int32_t zero = r->zero, low = r->low, high = r->high;
    if (r->is_high && r->is_double)
        for (int32_t i = 0; i < count; i++)
            values[i] = (int8_t)clamp32(scale_double_high(sums[i], multipliers[i], shifts[i]) + zero, low, high);
    else if (r->is_high)
        for (int32_t i = 0; i < count; i++)
            values[i] = (int8_t)clamp32(scale_single_high(sums[i], multipliers[i], shifts[i]) + zero, low, high);
    else
        for (int32_t i = 0; i < count; i++) {
            const int64_t scaled = r->is_double ? scale_double(sums[i], multipliers[i], shifts[i])
                                                : scale_single(sums[i], multipliers[i], shifts[i]);
            values[i] = (int8_t)clamp64(scaled + zero, low, high);
        }
}

/*: results: where sums go: as they are, or requantized where `scale` is there */
typedef struct {
    const requantization *scale;
    int32_t *sums;
    int8_t *values;
} results;

/*: put: sums of neighbouring channels from `first` on, which are elements of the output from `place` on */
static inline void put(const results *r, int32_t place, const int32_t *restrict sums, int32_t first, int32_t count)
{
    if (r->scale != 0)
        requantize(r->scale, sums, r->values + place, first, count);
    else
        memcpy(r->sums + place, sums, (size_t)count * sizeof *sums);
}

/*: convolve_window: the sum of output channel o at one place of the window */
static inline int32_t convolve_window(const convolution *c, const int8_t *input, const int8_t *weights, int32_t z0,
                                      int32_t y0, int32_t x0)
{
    uint32_t sum = 0;
    for (int32_t kz = 0; kz < c->kernel_depth; kz++) {
        const int32_t z = z0 + kz * c->dilation_z;
        if (z < 0 || z >= c->depth)
            continue;
        for (int32_t ky = 0; ky < c->kernel_height; ky++) {
            const int32_t y = y0 + ky * c->dilation_y;
            if (y < 0 || y >= c->height)
                continue;
            for (int32_t kx = 0; kx < c->kernel_width; kx++) {
                const int32_t x = x0 + kx * c->dilation_x;
                if (x < 0 || x >= c->width)
                    continue;
                const int8_t *pixel = input + z * c->step_z + y * c->step_y + x * c->step_x;
                const int8_t *weight = weights + ((kz * c->kernel_height + ky) * c->kernel_width + kx) * c->inputs;
                for (int32_t i = 0; i < c->inputs; i++)
                    sum += (uint32_t)((pixel[i] - c->input_zero) * (weight[i] - c->weight_zero));
            }
        }
    }
    return (int32_t)sum;
}

/*: convolve_any: any convolution, place by place */
static inline void convolve_any(const convolution *c, const int8_t *input, const int8_t *weights, const int32_t *bias,
                                const results r)
{
    const int32_t weight_size = c->kernel_depth * c->kernel_height * c->kernel_width * c->inputs;
    int32_t place = 0;
    for (int32_t n = 0; n < c->images; n++)
        for (int32_t z = 0; z < c->out_depth; z++)
            for (int32_t y = 0; y < c->out_height; y++)
                for (int32_t x = 0; x < c->out_width; x++)
                    for (int32_t o = 0; o < c->outputs; o++) {
                        const int32_t sum = convolve_window(
                            c, input + n * c->step_n, weights + o * weight_size, z * c->stride_z - c->front,
                            y * c->stride_y - c->top, x * c->stride_x - c->left);
                        const int32_t total = wrap_add(bias[o * c->bias_step], sum);
                        put(&r, place++, &total, o, 1);
                    }
}

/*: position: a place of the window over images */
typedef struct {
    int32_t n, z, y, x;
} position;

/*: advance: the next place, channels fastest, then columns, rows, planes and images */
static inline void advance(const convolution *c, position *p)
{
    if (++p->x < c->out_width)
        return;
    p->x = 0;
    if (++p->y < c->out_height)
        return;
    p->y = 0;
    if (++p->z < c->out_depth)
        return;
    p->z = 0;
    p->n++;
}

/*: add_products: sums of a run of pixels, minus the zero point, with the weights of four channels */
static inline void add_products(const int8_t *restrict pixels, int32_t zero, const int8_t *restrict weights,
                                const int32_t offsets[4], int32_t size, int32_t *restrict sums)
{
    const int8_t *w0 = weights + offsets[0], *w1 = weights + offsets[1];
    const int8_t *w2 = weights + offsets[2], *w3 = weights + offsets[3];
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    for (int32_t i = 0; i < size; i++) {
        const int16_t value = (int16_t)(pixels[i] - zero);
        s0 += value * w0[i];
        s1 += value * w1[i];
        s2 += value * w2[i];
        s3 += value * w3[i];
    }
    sums[0] += s0, sums[1] += s1, sums[2] += s2, sums[3] += s3;
}

/*: convolve_direct: four channels together, from the input as it lies; no weight_zero, and sums that cannot overflow */
static inline void convolve_direct(const convolution *c, const int8_t *input, const int8_t *weights,
                                   const int32_t *bias, const results r)
{
    const int32_t span = c->dilation_x == 1 && c->step_x == c->inputs ? c->kernel_width : 1;
    int32_t place = 0;
    for (position p = {0, 0, 0, 0}; p.n < c->images; advance(c, &p), place += c->outputs)
        for (int32_t o = 0; o < c->outputs; o += 4) {
            const int32_t channels = c->outputs - o < 4 ? c->outputs - o : 4;
            int32_t offsets[4], sums[4] = {0, 0, 0, 0};
            for (int32_t k = 0; k < 4; k++)
                offsets[k] = (o + (k < channels ? k : 0)) * c->row_size;
            for (int32_t kz = 0; kz < c->kernel_depth; kz++)
                for (int32_t ky = 0; ky < c->kernel_height; ky++)
                    for (int32_t kx = 0; kx < c->kernel_width; kx += span) {
                        const int32_t z = p.z * c->stride_z - c->front + kz * c->dilation_z;
                        const int32_t y = p.y * c->stride_y - c->top + ky * c->dilation_y;
                        const int32_t x = p.x * c->stride_x - c->left + kx * c->dilation_x;
                        const int32_t first = clamp32(-x, 0, span), end = clamp32(c->width - x, first, span);
                        if (z < 0 || z >= c->depth || y < 0 || y >= c->height || first == end)
                            continue;
                        const int8_t *pixels = input + p.n * c->step_n + z * c->step_z + y * c->step_y;
                        const int32_t tap = (kz * c->kernel_height + ky) * c->kernel_width + kx + first;
                        add_products(pixels + (x + first) * c->step_x, c->input_zero, weights + tap * c->inputs,
                                     offsets, (end - first) * c->inputs, sums);
                    }
            for (int32_t k = 0; k < channels; k++)
                sums[k] = wrap_add(bias[(o + k) * c->bias_step], sums[k]);
            put(&r, place + o, sums, o, channels);
        }
}

/*: widen_window: what the window sees, minus the zero point, in the order of the weights; 0 for padding */
static inline void widen_window(const convolution *c, const int8_t *input, const position *p, int16_t *restrict row)
{
    /* neighbouring pixels lie one behind the other, dilated ones do not */
    const int32_t span = c->dilation_x == 1 && c->step_x == c->inputs ? c->kernel_width : 1;
    for (int32_t kz = 0; kz < c->kernel_depth; kz++)
        for (int32_t ky = 0; ky < c->kernel_height; ky++)
            for (int32_t kx = 0; kx < c->kernel_width; kx += span, row += span * c->inputs) {
                const int32_t z = p->z * c->stride_z - c->front + kz * c->dilation_z;
                const int32_t y = p->y * c->stride_y - c->top + ky * c->dilation_y;
                const int32_t x = p->x * c->stride_x - c->left + kx * c->dilation_x;
                const int32_t first = clamp32(-x, 0, span), end = clamp32(c->width - x, first, span);
                if (z < 0 || z >= c->depth || y < 0 || y >= c->height || first == end) {
                    memset(row, 0, (size_t)(span * c->inputs) * sizeof *row);
                    continue;
                }
                const int8_t *line = input + p->n * c->step_n + z * c->step_z + y * c->step_y;
                const int8_t *pixels = line + (x + first) * c->step_x;
                int16_t *inside = row + first * c->inputs;
                for (int32_t i = 0; i < first * c->inputs; i++)
                    row[i] = 0;
                for (int32_t i = 0; i < (end - first) * c->inputs; i++)
                    inside[i] = (int16_t)(pixels[i] - c->input_zero);
                for (int32_t i = end * c->inputs; i < span * c->inputs; i++)
                    row[i] = 0;
            }
}

/*: sum_products: of four rows with the weights of two channels */
static inline void sum_products(const int16_t *restrict row0, const int16_t *restrict row1,
                                const int16_t *restrict row2, const int16_t *restrict row3,
                                const int8_t *restrict weights0, const int8_t *restrict weights1, int32_t size,
                                int32_t sums[8])
{
    int32_t a0 = 0, a1 = 0, a2 = 0, a3 = 0, b0 = 0, b1 = 0, b2 = 0, b3 = 0;
    for (int32_t i = 0; i < size; i++) {
        const int16_t a = weights0[i], b = weights1[i];
        a0 += row0[i] * a;
        a1 += row1[i] * a;
        a2 += row2[i] * a;
        a3 += row3[i] * a;
        b0 += row0[i] * b;
        b1 += row1[i] * b;
        b2 += row2[i] * b;
        b3 += row3[i] * b;
    }
    sums[0] = a0, sums[1] = a1, sums[2] = a2, sums[3] = a3;
    sums[4] = b0, sums[5] = b1, sums[6] = b2, sums[7] = b3;
}

/*: convolve_rows: four places together, each widened into a row of the scratch memory; else as convolve_direct.
 * The scratch memory has four times `outputs` sums, then four rows as long as a channel's weights. */
static inline void convolve_rows(const convolution *c, const int8_t *input, const int8_t *weights, const int32_t *bias,
                                 const results r, int32_t *restrict totals, int16_t *restrict rows)
{
    const int32_t size = c->row_size;
    int32_t place = 0;
    memset(rows, 0, (size_t)(4 * size) * sizeof *rows);
    for (position p = {0, 0, 0, 0}; p.n < c->images;) {
        int32_t places = 0;
        for (; places < 4 && p.n < c->images; places++, advance(c, &p))
            widen_window(c, input, &p, rows + places * size);
        for (int32_t o = 0; o < c->outputs; o += 2) {
            const int32_t next = o + 1 < c->outputs ? o + 1 : o;
            int32_t sums[8];
            sum_products(rows, rows + size, rows + 2 * size, rows + 3 * size, weights + o * size, weights + next * size,
                         size, sums);
            for (int32_t k = 0; k < 4; k++) {
                totals[k * c->outputs + o] = wrap_add(bias[o * c->bias_step], sums[k]);
                totals[k * c->outputs + next] = wrap_add(bias[next * c->bias_step], sums[next == o ? k : 4 + k]);
            }
        }
        for (int32_t k = 0; k < places; k++, place += c->outputs)
            put(&r, place, totals + k * c->outputs, 0, c->outputs);
    }
}

/*: add_filtered: products of neighbouring channels with their weights, each of which fits 16 bits */
static inline void add_filtered(const int8_t *restrict pixel, int32_t zero, const int8_t *restrict weights,
                                int32_t count, uint32_t *restrict sums)
{
    for (int32_t i = 0; i < count; i++) {
        const int32_t product = (int16_t)((pixel[i] - zero) * weights[i]);
        sums[i] += (uint32_t)product;
    }
}

/*: convolve_depthwise: a filter for each channel, blocks of channels together; weights are [rows][columns][channels] */
static inline void convolve_depthwise(const convolution *c, const int8_t *input, const int8_t *weights,
                                      const int32_t *bias, const results r)
{
    int32_t place = 0;
    for (position p = {0, 0, 0, 0}; p.n < c->images; advance(c, &p), place += c->outputs)
        for (int32_t o = 0; o < c->outputs; o += BLOCK) {
            const int32_t count = c->outputs - o < BLOCK ? c->outputs - o : BLOCK;
            uint32_t sums[BLOCK];
            for (int32_t i = 0; i < count; i++)
                sums[i] = (uint32_t)bias[(o + i) * c->bias_step];
            for (int32_t ky = 0; ky < c->kernel_height; ky++) {
                const int32_t y = p.y * c->stride_y - c->top + ky * c->dilation_y;
                if (y < 0 || y >= c->height)
                    continue;
                for (int32_t kx = 0; kx < c->kernel_width; kx++) {
                    const int32_t x = p.x * c->stride_x - c->left + kx * c->dilation_x;
                    if (x >= 0 && x < c->width)
                        add_filtered(input + p.n * c->step_n + y * c->step_y + x * c->step_x + o, c->input_zero,
                                     weights + (ky * c->kernel_width + kx) * c->outputs + o, count, sums);
                }
            }
            put(&r, place + o, (const int32_t *)sums, o, count);
        }
}

/*: convolve_depthwise_any: outputs / inputs filters for each channel; weights are [rows][columns][outputs] */
static inline void convolve_depthwise_any(const convolution *c, const int8_t *input, const int8_t *weights,
                                          const int32_t *bias, const results r)
{
    const int32_t filters = c->outputs / c->inputs;
    int32_t place = 0;
    for (int32_t n = 0; n < c->images; n++)
        for (int32_t oy = 0; oy < c->out_height; oy++)
            for (int32_t ox = 0; ox < c->out_width; ox++)
                for (int32_t o = 0; o < c->outputs; o++) {
                    uint32_t sum = (uint32_t)bias[o * c->bias_step];
                    for (int32_t ky = 0; ky < c->kernel_height; ky++) {
                        const int32_t y = oy * c->stride_y - c->top + ky * c->dilation_y;
                        if (y < 0 || y >= c->height)
                            continue;
                        for (int32_t kx = 0; kx < c->kernel_width; kx++) {
                            const int32_t x = ox * c->stride_x - c->left + kx * c->dilation_x;
                            if (x < 0 || x >= c->width)
                                continue;
                            const int8_t value = input[n * c->step_n + y * c->step_y + x * c->step_x + o / filters];
                            const int8_t weight = weights[(ky * c->kernel_width + kx) * c->outputs + o];
                            sum += (uint32_t)((value - c->input_zero) * (weight - c->weight_zero));
                        }
                    }
                    const int32_t total = (int32_t)sum;
                    put(&r, place++, &total, o, 1);
                }
}

/*: convolve_transposed: each input pixel adds its weighted kernel to the output, seen from the output */
static inline void convolve_transposed(const convolution *c, const int8_t *input, const int8_t *weights,
                                       const int32_t *bias, const results r)
{
    int32_t place = 0;
    for (int32_t n = 0; n < c->images; n++)
        for (int32_t oy = 0; oy < c->out_height; oy++)
            for (int32_t ox = 0; ox < c->out_width; ox++)
                for (int32_t o = 0; o < c->outputs; o++) {
                    uint32_t sum = (uint32_t)bias[o * c->bias_step];
                    for (int32_t ky = 0; ky < c->kernel_height; ky++) {
                        const int32_t y = oy - c->top - ky;
                        if (y < 0 || y % c->stride_y != 0 || y / c->stride_y >= c->height)
                            continue;
                        for (int32_t kx = 0; kx < c->kernel_width; kx++) {
                            const int32_t x = ox - c->left - kx;
                            if (x < 0 || x % c->stride_x != 0 || x / c->stride_x >= c->width)
                                continue;
                            const int8_t *pixel =
                                input + n * c->step_n + y / c->stride_y * c->step_y + x / c->stride_x * c->step_x;
                            const int8_t *weight =
                                weights + ((o * c->kernel_height + ky) * c->kernel_width + kx) * c->inputs;
                            for (int32_t i = 0; i < c->inputs; i++)
                                sum += (uint32_t)((pixel[i] - c->input_zero) * (weight[i] - c->weight_zero));
                        }
                    }
                    const int32_t total = (int32_t)sum;
                    put(&r, place++, &total, o, 1);
                }
}

/*: matrices: the sizes of products [batch][rows][inner] x [batch][inner][columns] */
typedef struct {
    int32_t batch, rows, inner, columns;
    int32_t left_zero, right_zero;
} matrices;

/*: multiply_matrices: blocks of columns together */
static inline void multiply_matrices(const matrices *m, const int8_t *left, const int8_t *right, const results r)
{
    for (int32_t row = 0; row < m->batch * m->rows; row++)
        for (int32_t x = 0; x < m->columns; x += BLOCK) {
            const int32_t count = m->columns - x < BLOCK ? m->columns - x : BLOCK;
            const int8_t *factors = right + row / m->rows * m->inner * m->columns + x;
            uint32_t sums[BLOCK] = {0};
            for (int32_t i = 0; i < m->inner; i++, factors += m->columns) {
                const int32_t factor = left[row * m->inner + i] - m->left_zero;
                for (int32_t k = 0; k < count; k++)
                    sums[k] += (uint32_t)(factor * (int16_t)(factors[k] - m->right_zero));
            }
            put(&r, row * m->columns + x, (const int32_t *)sums, x, count);
        }
}
