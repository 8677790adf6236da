/* SPDX-License-Identifier: MIT */
/* Memory operations of the language: real loads and stores in the subject. */
#include "run/machine.h"

#include <inttypes.h>
#include <string.h>

static uint64_t number(const struct performance *p, unsigned arg)
{
	return (uint64_t)p->args[arg].integer;
}

/* Refuses a length that no object can have; what lies at the address is the script's business. */
static bool length(struct machine *m, const struct performance *p, unsigned arg)
{
	if (p->args[arg].integer < 0)
		return machine_fail(m, "%s: the length is negative: %" PRId64, p->statement->call->name,
		                    p->args[arg].integer);
	return true;
}

/* The last reply's result; the bytes that were touched are told for the freshness of the maps. */
static bool finish(struct machine *m, struct performance *p, uint64_t addr, uint64_t len)
{
	const struct exec_reply *reply = machine_ask(m);

	if (reply == NULL)
		return false;
	machine_accessed(m, addr, len);
	p->result = reply->result;
	return true;
}

static bool poke(struct machine *m, struct performance *p, uint64_t addr, const char *data, size_t len)
{
	for (size_t done = 0; done < len;) {
		size_t part = len - done < EXEC_DATA ? len - done : EXEC_DATA;
		struct exec_request *request = machine_request(EXEC_POKE);

		request->args[0] = addr + done;
		request->len = (uint32_t)part;
		memcpy(request->data, data + done, part);
		if (!finish(m, p, addr + done, part))
			return false;
		done += part;
	}
	return true;
}

static bool words(struct machine *m, struct performance *p)
{
	size_t count = p->statement->count - 1;
	uint64_t *list = arena_alloc(&m->temp, count * sizeof(*list));

	for (size_t i = 0; i < count; i++)
		list[i] = number(p, (unsigned)i + 1);
	return poke(m, p, number(p, 0), (const char *)list, count * sizeof(*list));
}

static bool touch(struct machine *m, struct performance *p, enum exec_op op)
{
	uint64_t addr = number(p, 0), len = number(p, 1), last;

	if (!length(m, p, 1))
		return false;
	if (len == 0)
		return true;
	if (__builtin_add_overflow(addr, len - 1, &last))
		return machine_fail(m, "%s: the range runs past the end of the address space", p->statement->call->name);
	struct exec_request *request = machine_request(op);
	uint64_t first = addr / m->page;

	request->args[0] = first * m->page;
	request->args[1] = last / m->page - first + 1;
	request->args[2] = m->page;
	return finish(m, p, addr, len);
}

static bool fill(struct machine *m, struct performance *p)
{
	if (!length(m, p, 2))
		return false;
	struct exec_request *request = machine_request(EXEC_FILL);

	for (unsigned i = 0; i < 3; i++)
		request->args[i] = number(p, i);
	return finish(m, p, number(p, 0), number(p, 2));
}

static bool copy(struct machine *m, struct performance *p)
{
	if (!length(m, p, 2))
		return false;
	struct exec_request *request = machine_request(EXEC_COPY);

	for (unsigned i = 0; i < 3; i++)
		request->args[i] = number(p, i);
	if (!finish(m, p, number(p, 0), number(p, 2)))
		return false;
	machine_accessed(m, number(p, 1), number(p, 2));
	return true;
}

bool perform_memory(struct machine *m, struct performance *p)
{
	p->result = 0;
	m->address_varies = false;
	for (uint32_t i = 0; i < p->statement->count; i++)
		m->address_varies |= p->args[i].steadiness != STEADY;
	switch ((enum call_id)p->statement->call->id) {
	case CALL_STRCPY:
		return poke(m, p, number(p, 0), p->args[1].text, p->args[1].len + 1);
	case CALL_MEMSET:
		return fill(m, p);
	case CALL_MEMCPY:
		return copy(m, p);
	case CALL_READ_PAGES:
		return touch(m, p, EXEC_READ_PAGES);
	case CALL_WRITE_PAGES:
		return touch(m, p, EXEC_WRITE_PAGES);
	default:
		return words(m, p);
	}
}
