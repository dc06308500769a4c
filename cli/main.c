/*
 * The yamlgrad command.
 */
#include <stdio.h>

int main(void) {
    return printf("yamlgrad %s\n", YG_VERSION) < 0;
}
