/* SPDX-License-Identifier: MIT */
/* The VmFlags of mappings, compared between two moments. */
#include "mm/flagged.h"

#include <string.h>

/* Flags that tell nothing here: permissions are in the maps, and soft-dirty is the kernel's own, a merge may hand it on. */
static bool is_plain(const char *flag)
{
	static const char plain[][3] = { "rd", "wr", "ex", "sh", "mr", "mw", "me", "ms", "sd" };

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		if (memcmp(flag, plain[i], 2) == 0)
			return true;
	}
	return false;
}

void flagged_missing(char *to, const struct smaps_record *in, const struct smaps_record *not_in)
{
	size_t len = 0, flag_len;
	const char *flag;

	for (size_t at = 0; smaps_next_flag(in, &at, &flag, &flag_len);) {
		if (flag_len != 2 || is_plain(flag) || smaps_has_flag(not_in, flag) || len + 4 > CHANGE_FLAGS)
			continue;
		if (len > 0)
			to[len++] = ' ';
		memcpy(to + len, flag, 2);
		len += 2;
	}
	to[len] = '\0';
}

static bool same_object(const struct mapping *a, const struct mapping *b)
{
	return a->inode == b->inode && a->major == b->major && a->minor == b->minor && a->name_len == b->name_len &&
	       memcmp(a->name, b->name, a->name_len) == 0 && a->perms[3] == b->perms[3];
}

static bool same_flags(const struct smaps_record *a, const struct smaps_record *b)
{
	return a->flags_len == b->flags_len && memcmp(a->flags, b->flags, a->flags_len) == 0;
}

/* Whether a change goes on where another one ends. */
static bool goes_on(const struct change *last, const struct change *change)
{
	return last->after == change->after && last->new_end == change->new_start &&
	       strcmp(last->flags_gained, change->flags_gained) == 0 && strcmp(last->flags_lost, change->flags_lost) == 0;
}

size_t flagged_compare(struct delta *delta, const struct smaps *before, const struct smaps *after)
{
	size_t first = delta->change_count, b = 0, a = 0;

	while (b < before->maps.count && a < after->maps.count) {
		const struct mapping *old = &before->maps.list[b], *new = &after->maps.list[a];
		const struct smaps_record *was = &before->list[b], *is = &after->list[a];
		uint64_t start = old->start > new->start ? old->start : new->start;
		uint64_t end = old->end < new->end ? old->end : new->end;

		b += old->end <= new->end;
		a += new->end <= old->end;
		if (start >= end || was->flags == NULL || is->flags == NULL || same_flags(was, is) || !same_object(old, new))
			continue;
		struct change change = { .old_start = start, .old_end = end, .new_start = start, .new_end = end,
			                 .before = old, .after = new };

		flagged_missing(change.flags_gained, is, was);
		flagged_missing(change.flags_lost, was, is);
		if (change.flags_gained[0] == '\0' && change.flags_lost[0] == '\0')
			continue;
		struct change *last = delta->change_count > first ? &delta->changes[delta->change_count - 1] : NULL;

		if (last != NULL && goes_on(last, &change))
			last->old_end = last->new_end = end;
		else
			delta_add_flagged(delta, &change);
	}
	return delta->change_count - first;
}
