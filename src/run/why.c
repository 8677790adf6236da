/* SPDX-License-Identifier: MIT */
/* The table of rules that say why a call failed, why it did what it did, and why an access faulted; and its engine. */
#include "run/why.h"

#include "run/why-rule.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct why_rule {
	uint8_t call;  /* enum call_id, or FAULT_RULE */
	int error;     /* the errno that it explains; 0: why a call did what it did, or an access faulted */
	why_function *explains;
};

enum { FAULT_RULE = UINT8_MAX };

static const struct why_rule rules[] = {
	{ CALL_MREMAP, EINVAL, mremap_unknown_flag },
	{ CALL_MREMAP, EINVAL, mremap_fixed_alone },
	{ CALL_MREMAP, EINVAL, mremap_dontunmap_alone },
	{ CALL_MREMAP, EINVAL, mremap_dontunmap_resizes },
	{ CALL_MREMAP, EINVAL, mremap_old_unaligned },
	{ CALL_MREMAP, EINVAL, mremap_new_size_zero },
	{ CALL_MREMAP, EINVAL, mremap_new_size_wraps },
	{ CALL_MREMAP, EINVAL, mremap_beyond },
	{ CALL_MREMAP, EINVAL, mremap_new_unaligned },
	{ CALL_MREMAP, EINVAL, mremap_overlap },
	{ CALL_MREMAP, EINVAL, mremap_private_alias },
	{ CALL_MREMAP, ENOMEM, mremap_no_room },
	{ CALL_MREMAP, ENOMEM, mremap_too_long },
	{ CALL_MREMAP, ENOMEM, mremap_over_limit },
	{ CALL_MREMAP, ENOMEM, mremap_over_policy },
	{ CALL_MREMAP, ENOMEM, mremap_over_count },
	{ CALL_MREMAP, EFAULT, mremap_unmapped },
	{ CALL_MREMAP, EFAULT, mremap_crosses },
	{ CALL_MREMAP, EAGAIN, mremap_over_memlock },
	{ CALL_MREMAP, EPERM, mremap_sealed },
	{ CALL_MMAP, EINVAL, mmap_length_zero },
	{ CALL_MMAP, EINVAL, mmap_fixed_unaligned },
	{ CALL_MMAP, EINVAL, mmap_offset_unaligned },
	{ CALL_MMAP, EINVAL, mmap_no_type },
	{ CALL_MMAP, EINVAL, mmap_validate_anonymous },
	{ CALL_MMAP, EBADF, mmap_bad_fd },
	{ CALL_MMAP, ENODEV, mmap_not_mappable },
	{ CALL_MMAP, EACCES, mmap_fd_read_only },
	{ CALL_MMAP, EACCES, mmap_fd_write_only },
	{ CALL_MMAP, EEXIST, mmap_occupied },
	{ CALL_MMAP, ENOMEM, mmap_length_wraps },
	{ CALL_MMAP, ENOMEM, mmap_no_gap },
	{ CALL_MMAP, ENOMEM, mmap_fixed_beyond },
	{ CALL_MMAP, ENOMEM, mmap_over_limit },
	{ CALL_MMAP, ENOMEM, mmap_over_policy },
	{ CALL_MMAP, ENOMEM, mmap_no_huge_pages },
	{ CALL_MMAP, ENOMEM, mmap_over_count },
	{ CALL_MMAP, EAGAIN, mmap_over_memlock },
	{ CALL_MMAP, EPERM, mmap_no_memlock },
	{ CALL_MMAP, EPERM, mmap_sealed },
	{ CALL_MUNMAP, EINVAL, range_unaligned },
	{ CALL_MUNMAP, EINVAL, munmap_length_zero },
	{ CALL_MUNMAP, EINVAL, munmap_length_wraps },
	{ CALL_MUNMAP, EINVAL, munmap_beyond },
	{ CALL_MUNMAP, ENOMEM, munmap_over_count },
	{ CALL_MUNMAP, EPERM, range_sealed },
	{ CALL_MPROTECT, EINVAL, range_unaligned },
	{ CALL_MPROTECT, EINVAL, mprotect_unknown_bits },
	{ CALL_MPROTECT, ENOMEM, range_wraps },
	{ CALL_MPROTECT, ENOMEM, range_hole },
	{ CALL_MPROTECT, ENOMEM, mprotect_over_policy },
	{ CALL_MPROTECT, ENOMEM, range_over_count },
	{ CALL_MPROTECT, EACCES, mprotect_not_allowed },
	{ CALL_MPROTECT, EPERM, range_sealed },
	{ CALL_MADVISE, EINVAL, range_unaligned },
	{ CALL_MADVISE, EINVAL, madvise_unknown },
	{ CALL_MADVISE, EINVAL, range_wraps },
	{ CALL_MADVISE, EINVAL, madvise_locked },
	{ CALL_MADVISE, EINVAL, madvise_not_anonymous },
	{ CALL_MADVISE, ENOMEM, range_hole },
	{ CALL_MADVISE, ENOMEM, range_over_count },
	{ CALL_MADVISE, EPERM, madvise_sealed },
	{ CALL_MSYNC, EINVAL, range_unaligned },
	{ CALL_MSYNC, EINVAL, msync_unknown_flag },
	{ CALL_MSYNC, EINVAL, msync_both },
	{ CALL_MSYNC, ENOMEM, range_wraps },
	{ CALL_MSYNC, ENOMEM, range_hole },
	{ CALL_MSYNC, EBUSY, msync_locked },
	{ CALL_MLOCK, EINVAL, range_wraps },
	{ CALL_MLOCK, ENOMEM, range_hole },
	{ CALL_MLOCK, ENOMEM, mlock_over_limit },
	{ CALL_MLOCK, ENOMEM, range_over_count },
	{ CALL_MLOCK, EPERM, mlock_no_limit },
	{ CALL_MLOCK2, EINVAL, mlock2_unknown_flag },
	{ CALL_MLOCK2, EINVAL, range_wraps },
	{ CALL_MLOCK2, ENOMEM, range_hole },
	{ CALL_MLOCK2, ENOMEM, mlock_over_limit },
	{ CALL_MLOCK2, ENOMEM, range_over_count },
	{ CALL_MLOCK2, EPERM, mlock_no_limit },
	{ CALL_MUNLOCK, EINVAL, range_wraps },
	{ CALL_MUNLOCK, ENOMEM, range_hole },
	{ CALL_MUNLOCK, ENOMEM, range_over_count },
	{ CALL_MLOCKALL, EINVAL, mlockall_flags },
	{ CALL_MLOCKALL, ENOMEM, mlockall_over_limit },
	{ CALL_MLOCKALL, EPERM, mlock_no_limit },
	{ CALL_MINCORE, EINVAL, range_unaligned },
	{ CALL_MINCORE, ENOMEM, range_hole },
	{ CALL_MREMAP, 0, mremap_moved },
	{ CALL_MREMAP, 0, mremap_moved_fixed },
	{ CALL_MREMAP, 0, mremap_grew },
	{ CALL_MREMAP, 0, mremap_shrank },
	{ CALL_MREMAP, 0, mremap_shared_object },
	{ CALL_MMAP, 0, mmap_placed },
	{ CALL_MMAP, 0, mmap_hint },
	{ CALL_MMAP, 0, mmap_replaced },
	{ CALL_MMAP, 0, mmap_reservation },
	{ CALL_MMAP, 0, mmap_noreserve },
	{ CALL_MUNMAP, 0, munmap_several },
	{ FAULT_RULE, 0, fault_unmapped },
	{ FAULT_RULE, 0, fault_permissions },
	{ FAULT_RULE, 0, fault_past_end },
};

/* Adds the sentence of every rule that applies; between two of them, separator. */
static const char *find(struct why_case *c, unsigned call, int error, const char *lead, const char *separator)
{
	struct buf text = { 0 };
	const char *found = NULL;

	c->out = &text;
	buf_puts(&text, lead);
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		size_t mark = text.len;

		if (rules[i].call != call || rules[i].error != error)
			continue;
		if (found != NULL)
			buf_puts(&text, separator);
		if (rules[i].explains(c)) {
			found = "";
		} else {
			text.len = mark;
			text.data[mark] = '\0';
		}
	}
	if (found != NULL)
		found = arena_string(&c->m->temp, text.data, text.len);
	buf_fini(&text);
	return found;
}

static struct why_case make_case(struct machine *m, const struct event_step *step)
{
	static const struct maps nothing;

	return (struct why_case){ .m = m,
		                  .page = m->page,
		                  .before = step->before != NULL ? step->before : &nothing,
		                  .after = step->after != NULL ? step->after : &nothing,
		                  .names = step->old_regions };
}

void why_call(struct machine *m, const struct performance *p, struct event_step *step)
{
	struct why_case c = make_case(m, step);
	char lead[32];
	int error = step->call.error;

	if (!step->looked || (error == 0 && !m->options->explain))
		return;
	memcpy(c.args, p->words, sizeof(c.args));
	c.result = p->result;
	if (error == 0) {
		step->explain = find(&c, p->statement->call->id, 0, "", " ");
		return;
	}
	const char *name = constant_name(GROUP_ERRNO, error);

	snprintf(lead, sizeof(lead), "%s: ", name != NULL ? name : "?");
	step->why = find(&c, p->statement->call->id, error, lead, "; or: ");
}

void why_faults(struct machine *m, struct event_step *step)
{
	struct why_case c = make_case(m, step);

	if (!m->options->explain || step->fault_count == 0 || m->here->process.dead)
		return;
	c.after = machine_maps(m);
	c.before = c.after;
	c.fault = &step->faults[0];
	if (c.after != NULL && step->explain == NULL)
		step->explain = find(&c, FAULT_RULE, 0, "", " ");
}
