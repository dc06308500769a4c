/*
 * Files that are no tables of text: see file_start.h.
 */
#include "file_start.h"

#include <string.h>

typedef struct start {
    const char *bytes;
    size_t length;
    const char *what;
} start;

#define START(bytes, what)                                                                         \
    { bytes, sizeof(bytes) - 1, what }

static const start starts[] = {
    START("\x28\xB5\x2F\xFD", "it is compressed (zstd); unpack it first: unzstd FILE"),
    START("\xFD"
          "7zXZ",
          "it is compressed (xz); unpack it first: unxz -k FILE"),
    START("BZh", "it is compressed (bzip2); unpack it first: bunzip2 -k FILE"),
    START("7z\xBC\xAF", "it is an archive (7z); unpack it first"),
    START("PK\x03\x04", "it is a zip archive or a spreadsheet; unpack it, or export CSV"),
    START("\xD0\xCF\x11\xE0", "it is a spreadsheet or a document of an office program; export CSV"),
    START("PAR1", "it is a Parquet file; export it as CSV"),
    START("\x89HDF", "it is an HDF5 file; export it as CSV or .npy"),
    START("\xFF\xFE", "it is UTF-16 text; convert it first: iconv -f UTF-16 -t UTF-8 FILE"),
    START("\xFE\xFF", "it is UTF-16 text; convert it first: iconv -f UTF-16 -t UTF-8 FILE"),
    START("SQLite format 3", "it is an SQLite database; name it with `sqlite:`"),
    START("\x1F\x8B", "gzip has compressed it twice; unpack it once: gunzip FILE"),
    START("\0\0\x08", "it is an IDX file; name it with `arrays:`"),
    START("\x93NUMPY", "it is an array of NumPy; name it with `arrays:`"),
    START("\x89PNG", "it is a picture (PNG); name it with `images:`"),
    START("\xFF\xD8\xFF", "it is a picture (JPEG); name it with `images:`"),
    START("%PDF-", "it is a PDF document; export the table as CSV"),
};

const char *yg_file_start(const unsigned char *bytes, size_t size) {
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (size >= starts[i].length && memcmp(bytes, starts[i].bytes, starts[i].length) == 0)
            return starts[i].what;
    return NULL;
}
