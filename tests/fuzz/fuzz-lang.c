/* SPDX-License-Identifier: MIT */
/* A libFuzzer target: any bytes give either a script or errors. */
#include "lang/script.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct definition definitions[] = { { "size" }, { "dest" } };
	struct buf errors = { 0 };
	struct script *script = script_parse("fuzz.mmt", (const char *)data, size, 4096, definitions, 2, &errors);

	if ((script == NULL) != (errors.len > 0))
		abort();
	script_free(script);
	buf_fini(&errors);
	return 0;
}
