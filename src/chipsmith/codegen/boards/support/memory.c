/* memcpy, memmove, memset, memcmp and strlen, which the sources and the compiler itself may ask for. */
#include <stdint.h>
#include <string.h>

typedef uint32_t __attribute__((may_alias)) word;

static int aligned(const void *first, const void *second)
{
    return (((uintptr_t)first | (uintptr_t)second) & (sizeof(word) - 1)) == 0;
}

void *memcpy(void *restrict to, const void *restrict from, size_t count)
{
    unsigned char *target = to;
    const unsigned char *source = from;
    if (aligned(to, from)) {
        for (; count >= sizeof(word); count -= sizeof(word)) {
            *(word *)target = *(const word *)source;
            target += sizeof(word);
            source += sizeof(word);
        }
    }
    while (count--) {
        *target++ = *source++;
    }
    return to;
}

void *memmove(void *to, const void *from, size_t count)
{
    unsigned char *target = to;
    const unsigned char *source = from;
    if ((uintptr_t)to - (uintptr_t)from >= count) {
        return memcpy(to, from, count);
    }
    while (count--) {
        target[count] = source[count];
    }
    return to;
}

void *memset(void *to, int value, size_t count)
{
    unsigned char *target = to;
    const word pattern = (word)(unsigned char)value * 0x01010101u;
    if (aligned(to, to)) {
        for (; count >= sizeof(word); count -= sizeof(word)) {
            *(word *)target = pattern;
            target += sizeof(word);
        }
    }
    while (count--) {
        *target++ = (unsigned char)value;
    }
    return to;
}

int memcmp(const void *first, const void *second, size_t count)
{
    const unsigned char *left = first, *right = second;
    for (; count--; left++, right++) {
        if (*left != *right) {
            return *left < *right ? -1 : 1;
        }
    }
    return 0;
}

size_t strlen(const char *text)
{
    size_t length = 0;
    while (text[length]) {
        length++;
    }
    return length;
}
