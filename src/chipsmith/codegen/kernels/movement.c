/*: names_row: whether an index is that of a row */
static inline bool names_row(int32_t index, int32_t rows)
{
    return index >= 0 && index < rows;
}

/*: gather_rows: rows of `size` bytes of [batch][rows], chosen by [batch][count] indices; zeros for those outside */
static inline void gather_rows(const void *table, const int32_t *indices, void *output, int32_t batch, int32_t rows,
                               int32_t count, int32_t size)
{
    const unsigned char *source = table;
    unsigned char *target = output;
    for (int32_t n = 0; n < batch; n++)
        for (int32_t i = 0; i < count; i++) {
            const int32_t row = indices[n * count + i];
            if (names_row(row, rows))
                memcpy(target + (n * count + i) * size, source + (n * rows + row) * size, (size_t)size);
            else
                memset(target + (n * count + i) * size, 0, (size_t)size);
        }
}

/*: scatter_rows: rows of `size` bytes go to those of [batch][rows] that [batch][count] indices name */
static inline void scatter_rows(const void *input, const int32_t *indices, void *output, int32_t batch, int32_t rows,
                                int32_t count, int32_t size)
{
    const unsigned char *source = input;
    unsigned char *target = output;
    for (int32_t n = 0; n < batch; n++)
        for (int32_t i = 0; i < count; i++) {
            const int32_t row = indices[n * count + i];
            if (names_row(row, rows))
                memcpy(target + (n * rows + row) * size, source + (n * count + i) * size, (size_t)size);
        }
}

/*: resizing: the sizes of a resize; an axis of output i reads input (i x denominator + offset) / numerator */
typedef struct {
    int32_t images, height, width, channels, out_height, out_width;
    int32_t numerator_y, denominator_y, offset_y, numerator_x, denominator_x, offset_x;
} resizing;

/*: neighbours: the input pixels before and behind an output pixel, and its distance from the first */
typedef struct {
    int32_t before, behind, distance;
} neighbours;

/*: find_neighbours */
static inline neighbours find_neighbours(int32_t point, int32_t numerator, int32_t size)
{
    /* points are not below -numerator */
    const int32_t before = (point + numerator) / numerator - 1;
    const neighbours n = {before < 0 ? 0 : before, before + 1 < size ? before + 1 : size - 1,
                          point - before * numerator};
    return n;
}

/*: resize_nearest */
static inline void resize_nearest(const resizing *r, const int8_t *restrict input, int8_t *restrict output)
{
    for (int32_t n = 0; n < r->images; n++)
        for (int32_t oy = 0; oy < r->out_height; oy++) {
            const neighbours y = find_neighbours(oy * r->denominator_y + r->offset_y, r->numerator_y, r->height);
            const int32_t row = n * r->height + (2 * y.distance >= r->numerator_y ? y.behind : y.before);
            for (int32_t ox = 0; ox < r->out_width; ox++) {
                const neighbours x = find_neighbours(ox * r->denominator_x + r->offset_x, r->numerator_x, r->width);
                const int32_t column = 2 * x.distance >= r->numerator_x ? x.behind : x.before;
                memcpy(output, input + (row * r->width + column) * r->channels, (size_t)r->channels);
                output += r->channels;
            }
        }
}

/*: resize_bilinear */
static inline void resize_bilinear(const resizing *r, const int8_t *restrict input, int32_t *restrict output)
{
    for (int32_t n = 0; n < r->images; n++)
        for (int32_t oy = 0; oy < r->out_height; oy++) {
            const neighbours y = find_neighbours(oy * r->denominator_y + r->offset_y, r->numerator_y, r->height);
            const int8_t *above = input + (n * r->height + y.before) * r->width * r->channels;
            const int8_t *below = input + (n * r->height + y.behind) * r->width * r->channels;
            for (int32_t ox = 0; ox < r->out_width; ox++) {
                const neighbours x = find_neighbours(ox * r->denominator_x + r->offset_x, r->numerator_x, r->width);
                const int32_t left = x.before * r->channels, right = x.behind * r->channels;
                for (int32_t c = 0; c < r->channels; c++) {
                    const int32_t rest = r->numerator_y - y.distance;
                    const int32_t first = above[left + c] * rest + below[left + c] * y.distance;
                    const int32_t second = above[right + c] * rest + below[right + c] * y.distance;
                    *output++ = first * (r->numerator_x - x.distance) + second * x.distance;
                }
            }
        }
}
