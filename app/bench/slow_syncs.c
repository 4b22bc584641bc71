/* Counts the syncs of a process and makes each take $GUANJIAN_SYNC_US longer. Preloaded into it. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>
static long count;
static int wait_us = -1;
long guanjian_syncs(void) { return __atomic_load_n(&count, __ATOMIC_SEQ_CST); }
static int slow(const char *name, int file) {
    int (*real)(int) = dlsym(RTLD_NEXT, name);
    if (wait_us < 0) wait_us = getenv("GUANJIAN_SYNC_US") ? atoi(getenv("GUANJIAN_SYNC_US")) : 0;
    __atomic_add_fetch(&count, 1, __ATOMIC_SEQ_CST);
    if (wait_us) usleep(wait_us);
    return real(file);
}
int fsync(int file) { return slow("fsync", file); }
int fdatasync(int file) { return slow("fdatasync", file); }
