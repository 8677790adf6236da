/* SPDX-License-Identifier: MIT */
/* What happened, as plain values: producers make events, reports show them. */
#ifndef MMTOOL_MM_EVENT_H
#define MMTOOL_MM_EVENT_H

#include "mm/call.h"
#include "mm/counters.h"
#include "mm/delta.h"
#include "mm/kind.h"
#include "mm/maps.h"
#include "mm/pages.h"
#include "mm/region.h"
#include "mm/smaps.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum event_type {
	EVENT_START,   /* a script begins */
	EVENT_STEP,    /* one statement was performed */
	EVENT_NOTE,    /* a remark */
	EVENT_SNAPSHOT, /* the mappings of a process or of a file, as they are */
	EVENT_DELTA,   /* what changed between two snapshots, of no statement */
	EVENT_GROWTH,  /* one way to grow a buffer was measured */
	EVENT_COST,    /* one way to move memory of one size was measured */
	EVENT_VERDICT, /* a script ended: how it came out */
	EVENT_END,     /* nothing follows */
};

enum step_kind {
	STEP_CALL,    /* a call: call is valid, faults and delta may be */
	STEP_BIND,    /* NAME = expression: value is valid */
	STEP_STORE,   /* ADDR[EXPR] = EXPR */
	STEP_EXPECT,  /* check is valid */
	STEP_REQUIRE, /* a requirement that was met, or (ok false) cannot be told; of one that is not met only the verdict tells */
	STEP_PASSES,  /* passes of a repeat that were not shown one by one; delta is over all of them */
	STEP_OTHER,   /* a condition, a count, a note whose expression failed the step */
};

struct event_source {
	const char *file; /* script's name: "grow", a path, "-" */
	uint32_t line, column;
	const char *text; /* the statement as written, without its line's end; not NUL-terminated */
	uint32_t text_len;
};

struct event_arg {
	struct call_arg kind;
	bool varies;        /* another run may find another value: it comes from an address, a pid, a counter */
	uint64_t value;
	const char *string; /* the string passed in its place, or NULL */
	size_t string_len;
};

enum { EVENT_ARGS = 8, EVENT_RULES = 6 };

struct event_call {
	const char *name;   /* the call made, "openat" */
	unsigned count;     /* arguments in args */
	unsigned left_out;  /* further arguments that are not in args (words) */
	struct event_arg args[EVENT_ARGS];
	uint8_t result_kind; /* enum call_result */
	int64_t result;      /* -1 when it failed */
	int error;           /* positive errno, 0 on success */
	bool changes_maps;   /* changing mappings is what it is for: that it changed nothing is news */
	bool is_system;      /* a system call; else a memory operation or another call of the language */
	bool performed;      /* false: it was not made, and reason of the step says why */
	bool injected;       /* the error was injected, the call was not made */
	bool answered;       /* result and error are valid; false: it was not made, or did not return */
};

struct event_fault {
	int signo;         /* SIGSEGV, SIGBUS, … */
	int64_t code;      /* as fault_code() */
	uint64_t address;  /* the address that faulted; 0 when the kernel did not say */
	bool has_address;
	bool varies;       /* another run may find another address */
	bool fatal;        /* it killed the process; else fault() caught it */
};

/* One side of a comparison: its source and what it came to. */
struct event_operand {
	const char *text;  /* source; not NUL-terminated */
	uint32_t text_len;
	const char *value; /* rendered: a number, name+offset, a quoted string, a constant's name; NUL-terminated */
	bool varies;       /* another run may find another value */
};

struct event_check {
	bool held;
	bool compared;               /* left and right are valid */
	struct event_operand left, right;
	const char *message;         /* the script's own, or NULL */
};

enum counter_unit { UNIT_BYTES, UNIT_COUNT };

/* A counter that was looked at before and after a statement; it moved when the two differ. */
struct event_counter {
	const char *name;    /* as the kernel calls it: "VmRSS", "minflt" */
	uint8_t unit;        /* enum counter_unit */
	bool system_wide;    /* of the whole machine: others move it too */
	bool approximate;    /* the kernel's figure can lag by some pages */
	bool varies;         /* another run may see it move otherwise */
	bool has_before, has_after; /* false: it could not be read; after: the process is gone */
	uint64_t before, after;
	uint64_t own;        /* so much of the difference is mmtool's own work in the process, and not the script's */
};

/* A word of VmFlags. */
struct event_vmflag {
	const char *flag;  /* "lo" */
	const char *words; /* "locked in memory", to follow "it is"; NULL: not known */
	bool partly;       /* only some of the mappings have it */
};

/* What smaps says of the mappings that hold a region, together.  It tells of whole mappings only. */
struct event_smaps {
	uint64_t start, end;           /* of these mappings */
	unsigned mappings;             /* how many */
	uint64_t figures[SMAPS_COUNT]; /* in bytes, as struct smaps_record has them */
	bool present[SMAPS_COUNT];
	const struct event_vmflag *flags;
	size_t flag_count;
};

/* A named region around a statement. */
struct event_detail {
	const char *name;
	uint64_t old_size, size;                  /* of the region, before and after; 0: there was, or is, none */
	const struct event_smaps *before, *after; /* NULL: nothing of it was mapped */
};

/* A statement whose passes were not shown one by one: how often it was checked, and held, since an event told of it. */
struct event_tally {
	struct event_source source;
	const char *process;  /* as of a step */
	uint64_t count;
};

struct event_step {
	uint8_t kind;         /* enum step_kind */
	bool ok;              /* came out as the script says */
	bool checked;         /* the statement says how it must come out: an expect, or a call with a RESULT other than ? */
	bool looped;          /* it stands in a repeat, so that it can come again */
	pid_t pid;
	const char *process;  /* the name of the process that performed it; NULL in the main process */
	struct event_source source;
	const char *reason;   /* why the step failed, one line; NULL when ok */

	struct event_call call;
	const char *bound;    /* the name that the result or the value was bound to, or NULL */
	int64_t value;        /* STEP_BIND of an integer */
	const char *value_text; /* STEP_BIND: rendered value, NUL-terminated */
	bool value_is_integer;
	bool value_varies;    /* another run may find another value */
	int death;            /* the signal that killed the process during this step, or 0 */
	const struct event_fault *faults;
	size_t fault_count;
	struct event_check check;
	uint64_t passes;      /* STEP_PASSES: how many; 0: it only tells what was not shown */
	const struct event_tally *unshown; /* what was checked before this step, in a repeat, without an event of its own */
	size_t unshown_count;

	bool looked;                     /* maps were read (or known not to change): delta is meaningful */
	const struct delta *delta;       /* what changed, or NULL when not looked at */
	bool flags_looked;               /* the VmFlags of the named regions concerned were compared, too */
	const struct maps *before, *after; /* the snapshots; NULL when there is none */
	const struct regions *old_regions, *new_regions; /* never NULL */
	const struct pages_change *pages; /* --pages: the regions that it concerns or whose pages changed; NULL: none, or nobody looked */

	const struct event_counter *counters; /* those that were looked at */
	size_t counter_count;            /* 0: nobody looked (--detail) */
	bool smaps_looked;               /* smaps was read before and after: details are the regions that it tells something of */
	const struct event_detail *details; /* the named regions whose figures moved or that the statement concerns */
	size_t detail_count;

	const char *why;      /* why the call failed or the access faulted: the rule it broke; or NULL */
	const char *why_rules[EVENT_RULES]; /* the ids of the rules that why tells of, NULL-padded */
	const char *explain;  /* why the kernel did this, a paragraph; only when asked for; or NULL */
};

/* What a note is about. */
enum note_subject {
	NOTE_SCRIPT,   /* a remark of the script's own: source is valid */
	NOTE_INTERVAL, /* a watched process is read in another interval from now on: interval is valid */
	NOTE_EXECED,   /* it runs another program now, and its mappings are gone: command may be valid */
	NOTE_ENDED,    /* it exited or was killed: exited or signal say how, where that is known */
	NOTE_LEAVING,  /* it has no mappings any more, and has not ended */
};

struct event_note {
	struct event_source source; /* file NULL: there is none */
	const char *text; /* rendered */
	const char *symbolic; /* the same with * for what another run may find different */
	/* Of a process that is watched; the times as in struct event_delta. */
	uint8_t subject;      /* enum note_subject */
	pid_t pid;
	int64_t time;
	uint64_t from, to;
	uint64_t interval;    /* nanoseconds from reading to reading */
	const char *command;  /* the new program's name (proc_pid_comm(5)) */
	bool exited;          /* status is valid */
	int status;           /* as for exit(2) */
	int signal;           /* that killed it, or 0 */
};

struct event_start {
	const char *name;       /* script's name */
	pid_t pid;              /* of the subject */
	const struct maps *maps; /* the subject's before anything was done, or NULL */
	bool several;            /* one of several scripts in this stream */
	uint64_t scratch_start, scratch_end; /* of the scratch page (REGION_PREDEFINED) of all its processes; 0, 0: none */
};

/* A hole between two mappings. */
struct event_gap {
	uint64_t start, end;
};

/*
 * The mappings of a process or of a file.  Those that are too many for one event come in several, one after another: the
 * first has part 0, the last has more false.
 */
struct event_snapshot {
	const char *name;    /* what was read, as the user named it: a pid, a file's name, "-"; escaping is the report's */
	pid_t pid;           /* 0: a file */
	const char *command; /* the process's name (proc_pid_comm(5)); NULL: a file, or not to be known */
	const char *program; /* the file that it runs; NULL likewise */
	int64_t time;        /* nanoseconds since the Epoch when it was read; 0: not known */
	uint64_t interval;   /* it is watched from now on, and read every so many nanoseconds; 0: it is not */
	uint64_t resident;   /* of a watched process, bytes in memory, where smaps was read; 0: not known */
	unsigned part;
	bool more;
	const struct maps *maps; /* of this part; the order is the producer's */
	const struct event_gap *gaps; /* with gap_count, where they were asked for: the holes below the mappings of this part, */
	size_t gap_count;             /*     by address */
	const struct event_smaps *details; /* with detail_count, where smaps was asked for: of each of these mappings */
	size_t detail_count;
	const struct kind_total *totals; /* in the last part: those of all parts, by kind; NULL: not known */
	size_t total_count;
};

/* What changed between two snapshots. */
struct event_delta {
	const char *old_name, *new_name; /* what was compared, as the user named it; NULL: moments of one process */
	const char *old_command, *new_command; /* the processes' names, as in struct event_snapshot */
	int64_t old_time;    /* nanoseconds since the Epoch when the first was read; 0: not known */
	uint64_t old_mappings, new_mappings, old_bytes, new_bytes; /* how many mappings each has, and their size in all */
	bool aligned;        /* as two runs of one program: align_compute() */
	bool regrouped;      /* other anonymous mappings touch, and are one; that is not told as a difference */
	pid_t pid;           /* of the process that both are of; 0: there is none */
	int64_t time;        /* nanoseconds since the Epoch when the second was read; 0: not known */
	/* Of a process that is watched: between which moments it changed, in nanoseconds since the first reading began. */
	bool watched;        /* they are valid */
	uint64_t from, to;
	bool flags_looked;   /* the VmFlags were compared, too */
	uint64_t old_resident, resident; /* bytes in memory, where smaps was read; 0: not known */
	const struct delta *delta;
	const struct maps *before, *after; /* NULL: only the lines of the delta are known */
};

/*
 * One way to grow a buffer, measured in processes of its own: the figures are medians of the runs.  Those of several ways
 * that were measured together come one after another.
 */
struct event_growth {
	const char *way;       /* "mremap", "realloc", "malloc+copy" */
	uint64_t from, to;     /* bytes at first and in the end */
	unsigned doublings, runs;
	bool touched;          /* every byte was written; else one byte of each new half */
	bool one_processor;    /* all runs were on one and the same */
	uint64_t moves;        /* calls after which it lay elsewhere */
	uint64_t copied;       /* bytes copied from its old place to the new one */
	uint64_t faults;       /* minor page faults */
	uint64_t cpu, elapsed; /* nanoseconds */
	bool kept;             /* in each run all that was written was there in the end */
};

/*
 * One way to move memory of one size to another place, or to copy it, measured in processes of its own: the time is the median
 * of the runs.  Those of several ways and sizes that were measured together come one after another.
 */
struct event_cost {
	const char *way;      /* "mremap, aligned", "mremap, unaligned", "memcpy" */
	uint64_t size, pages; /* bytes, and what they are in pages; each was written */
	unsigned runs, moves; /* to and fro, in each run */
	bool one_processor;   /* all runs were on one and the same */
	uint64_t cpu;         /* nanoseconds of processor time of one move */
	bool kept;            /* in each run each page was there in the end */
};

enum verdict { VERDICT_PASSED, VERDICT_FAILED, VERDICT_UNSUPPORTED, VERDICT_BROKEN /* the tool could not go on */ };

struct event_verdict {
	uint8_t verdict;       /* enum verdict */
	unsigned steps;        /* performed */
	unsigned checks;       /* expects and calls with a RESULT that were evaluated */
	unsigned failed;       /* steps that failed */
	struct event_source source; /* where it stopped; text NULL when it ran to its end */
	const char *reason;    /* why it is not passed; NULL when it is */
};

/* Everything is borrowed, and valid until the receiver returns. */
struct event {
	uint8_t type; /* enum event_type */
	union {
		struct event_start start;
		struct event_step step;
		struct event_note note;
		struct event_snapshot snapshot;
		struct event_delta delta;
		struct event_growth growth;
		struct event_cost cost;
		struct event_verdict verdict;
		int status; /* EVENT_END: the exit status */
	};
};

/* What an event tells of a change, whichever event it is: its delta, NULL when nobody looked, and both sides of it. */
struct event_view {
	const struct delta *delta;
	const struct maps *before, *after;
	const struct regions *old_regions, *new_regions;
};

struct event_view event_view(const struct event *event);
struct event_view event_step_view(const struct event_step *step);

/* Where events go. */
struct event_sink {
	void (*take)(void *context, const struct event *event);
	void *context;
	int reader; /* poll(2) tells POLLERR of this descriptor when nobody reads the report any more; 0: not to be known */
};

#endif
