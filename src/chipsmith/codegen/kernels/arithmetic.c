/* Exact integer arithmetic. Sums wrap in unsigned arithmetic, for signed overflow is undefined in C.
 * Conversions to a signed type keep the low bits and right shifts of negative values keep the sign: C leaves both to
 * the implementation, and the assertions of the source hold it to them. */

/*: BLOCK: channels or columns that are computed together */
enum { BLOCK = 32 };

/*: wrap_add */
static inline int32_t wrap_add(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

/*: wrap_subtract */
static inline int32_t wrap_subtract(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a - (uint32_t)b);
}

/*: wrap_multiply */
static inline int32_t wrap_multiply(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a * (uint32_t)b);
}

/*: clamp32 */
static inline int32_t clamp32(int32_t value, int32_t low, int32_t high)
{
    return value < low ? low : value > high ? high : value;
}

/*: clamp64 */
static inline int32_t clamp64(int64_t value, int32_t low, int32_t high)
{
    return value < low ? low : value > high ? high : (int32_t)value;
}

/*: scale_single: value x multiplier / 2**shift, halves up */
static inline int64_t scale_single(int64_t value, int32_t multiplier, int32_t shift)
{
    return (value * multiplier + (INT64_C(1) << (shift - 1))) >> shift;
}

/*: scale_double: rounded at bit 31, away from zero, and then at the shift, halves up */
static inline int64_t scale_double(int64_t value, int32_t multiplier, int32_t shift)
{
    int64_t half = INT64_C(1) << (shift - 1);
    if (shift > 31)
        half += value >= 0 ? INT64_C(1) << 30 : -(INT64_C(1) << 30);
    return (value * multiplier + half) >> shift;
}

/*: scale_single_high: as scale_single, for a shift of 33 or more: the low half of the product decides nothing */
static inline int32_t scale_single_high(int32_t value, int32_t multiplier, int32_t shift)
{
    const int32_t high = (int32_t)(uint32_t)((uint64_t)((int64_t)value * multiplier) >> 32);
    return (high + (1 << (shift - 33))) >> (shift - 32);
}

/*: scale_double_high: as scale_double, for a shift of 33 or more */
static inline int32_t scale_double_high(int32_t value, int32_t multiplier, int32_t shift)
{
    const int64_t nudge = value < 0 ? -(INT64_C(1) << 30) : INT64_C(1) << 30;
    const int32_t high = (int32_t)(uint32_t)((uint64_t)((int64_t)value * multiplier + nudge) >> 32);
    return (high + (1 << (shift - 33))) >> (shift - 32);
}

/*: scale_single_low: as scale_single, for a shift of 32 or less and a result that fits 32 bits */
static inline int32_t scale_single_low(int32_t value, int32_t multiplier, int32_t shift)
{
    return (int32_t)(uint32_t)((uint64_t)((int64_t)value * multiplier + (INT64_C(1) << (shift - 1))) >> shift);
}

/*: multiply_and_shift: a x b / 2**shift, halves up, for a shift of 1 to 63 */
static inline int32_t multiply_and_shift(int32_t a, int32_t b, int32_t shift)
{
    const int64_t halves = ((int64_t)a * b) >> (shift - 1);
    return (int32_t)((halves >> 1) + (halves & 1));
}

/*: divide: rounded towards zero; 0 for a divisor of 0 */
static inline int32_t divide(int32_t a, int32_t b)
{
    if (b == 0)
        return 0;
    return b == -1 ? wrap_subtract(0, a) : a / b;
}

/*: count_leading_zeros */
static inline int32_t count_leading_zeros(int32_t value)
{
    uint32_t bits = (uint32_t)value;
    int32_t count = 0;
    if (bits == 0)
        return 32;
    for (int32_t step = 16; step > 0; step >>= 1) {
        if (bits >> (32 - step) == 0) {
            count += step;
            bits <<= step;
        }
    }
    return count;
}

/*: shift_left */
static inline int32_t shift_left(int32_t value, int32_t amount)
{
    return (int32_t)((uint32_t)value << (amount & 31));
}

/*: shift_right */
static inline int32_t shift_right(int32_t value, int32_t amount)
{
    return value >> (amount & 31);
}

/*: shift_right_rounding: halves up */
static inline int32_t shift_right_rounding(int32_t value, int32_t amount)
{
    const int32_t shift = amount & 31;
    return shift == 0 ? value : (value >> shift) + ((value >> (shift - 1)) & 1);
}

/*: shift_right_logical: of a value of so many bits, zeros entering */
static inline uint32_t shift_right_logical(uint32_t value, int32_t amount)
{
    return value >> (amount & 31);
}

/*: look_up_int16: the entry of a table of 513, interpolated with 7 fractional bits */
static inline int32_t look_up_int16(const int16_t *table, int32_t value)
{
    const int32_t position = value + 32768;
    const int32_t base = table[position >> 7];
    return base * 128 + (table[(position >> 7) + 1] - base) * (position & 127);
}
