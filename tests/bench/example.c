/* SPDX-License-Identifier: MIT */
/* What a tutorial would have one compile to grow a mapping: the yardstick of `make bench'. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int main(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *a = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (a == MAP_FAILED)
		return EXIT_FAILURE;
	strcpy(a, "Original data in page 0");
	printf("Before mremap: %s\n", a);
	a = mremap(a, page, 4 * page, MREMAP_MAYMOVE);
	if (a == MAP_FAILED)
		return EXIT_FAILURE;
	printf("After mremap: %s\n", a);
	a[page] = 'B';
	printf("New page 1 first byte: %c\n", a[page]);
	munmap(a, 4 * page);
	return EXIT_SUCCESS;
}
