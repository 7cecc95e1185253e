/*: convolution: the sizes of a convolution; a weight is element o, y, x, c of [outputs][rows][columns][inputs] */
typedef struct {
    int32_t images, depth, height, width, inputs;
    int32_t out_depth, out_height, out_width, outputs;
    int32_t kernel_depth, kernel_height, kernel_width;
    int32_t stride_z, stride_y, stride_x, dilation_z, dilation_y, dilation_x, front, top, left;
    int32_t input_zero, weight_zero;
    int32_t bias_step;
} convolution;

/*: requantization: how a 32-bit sum becomes an 8-bit value; a multiplier and a shift for each output channel */
typedef struct {
    const int32_t *multipliers;
    const int8_t *shifts;
    int32_t zero, low, high;
    bool is_double;
} requantization;

/*: requantize */
static inline int8_t requantize(const requantization *r, int32_t sum, int32_t channel)
{
    const int32_t multiplier = r->multipliers[channel], shift = r->shifts[channel];
    const int64_t scaled = r->is_double ? scale_double(sum, multiplier, shift) : scale_single(sum, multiplier, shift);
    return (int8_t)clamp64(scaled + r->zero, r->low, r->high);
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
                const int8_t *pixel = input + ((z * c->height + y) * c->width + x) * c->inputs;
                const int8_t *weight = weights + ((kz * c->kernel_height + ky) * c->kernel_width + kx) * c->inputs;
                for (int32_t i = 0; i < c->inputs; i++)
                    sum += (uint32_t)((pixel[i] - c->input_zero) * (weight[i] - c->weight_zero));
            }
        }
    }
    return (int32_t)sum;
}

/*: results: where sums go: as they are, or requantized where `scale` is there */
typedef struct {
    const requantization *scale;
    int32_t *sums;
    int8_t *values;
} results;

/*: put */
static inline void put(const results *r, int32_t place, int32_t channel, int32_t sum)
{
    if (r->scale != 0)
        r->values[place] = requantize(r->scale, sum, channel);
    else
        r->sums[place] = sum;
}

/*: convolve_any: any convolution, place by place */
static inline void convolve_any(const convolution *c, const int8_t *input, const int8_t *weights, const int32_t *bias,
                                const results r)
{
    const int32_t weight_size = c->kernel_depth * c->kernel_height * c->kernel_width * c->inputs;
    int32_t place = 0;
    for (int32_t n = 0; n < c->images; n++) {
        const int8_t *image = input + n * c->depth * c->height * c->width * c->inputs;
        for (int32_t z = 0; z < c->out_depth; z++)
            for (int32_t y = 0; y < c->out_height; y++)
                for (int32_t x = 0; x < c->out_width; x++)
                    for (int32_t o = 0; o < c->outputs; o++) {
                        const int32_t sum =
                            convolve_window(c, image, weights + o * weight_size, z * c->stride_z - c->front,
                                            y * c->stride_y - c->top, x * c->stride_x - c->left);
                        put(&r, place++, o, wrap_add(bias[o * c->bias_step], sum));
                    }
    }
}

/*: convolve_depthwise: outputs / inputs filters for each channel; a weight is element y, x, o of [rows][columns][outputs] */
static inline void convolve_depthwise(const convolution *c, const int8_t *input, const int8_t *weights,
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
                            const int8_t value = input[((n * c->height + y) * c->width + x) * c->inputs + o / filters];
                            const int8_t weight = weights[(ky * c->kernel_width + kx) * c->outputs + o];
                            sum += (uint32_t)((value - c->input_zero) * (weight - c->weight_zero));
                        }
                    }
                    put(&r, place++, o, (int32_t)sum);
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
                                input + ((n * c->height + y / c->stride_y) * c->width + x / c->stride_x) * c->inputs;
                            const int8_t *weight =
                                weights + ((o * c->kernel_height + ky) * c->kernel_width + kx) * c->inputs;
                            for (int32_t i = 0; i < c->inputs; i++)
                                sum += (uint32_t)((pixel[i] - c->input_zero) * (weight[i] - c->weight_zero));
                        }
                    }
                    put(&r, place++, o, (int32_t)sum);
                }
}

/*: matrices: the sizes of products [batch][rows][inner] x [batch][inner][columns] */
typedef struct {
    int32_t batch, rows, inner, columns;
    int32_t left_zero, right_zero;
} matrices;

/*: multiply_matrices */
static inline void multiply_matrices(const matrices *m, const int8_t *left, const int8_t *right, const results r)
{
    int32_t place = 0;
    for (int32_t n = 0; n < m->batch; n++)
        for (int32_t y = 0; y < m->rows; y++)
            for (int32_t x = 0; x < m->columns; x++) {
                const int8_t *row = left + (n * m->rows + y) * m->inner;
                uint32_t sum = 0;
                for (int32_t i = 0; i < m->inner; i++)
                    sum += (uint32_t)((row[i] - m->left_zero) *
                                      (right[(n * m->inner + i) * m->columns + x] - m->right_zero));
                put(&r, place++, x, (int32_t)sum);
            }
}
