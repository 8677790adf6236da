/* SPDX-License-Identifier: MIT */
/* The state of a script while it runs: what the interpreter's parts share. */
#ifndef MMTOOL_RUN_MACHINE_H
#define MMTOOL_RUN_MACHINE_H

#include "base/alloc.h"
#include "base/buf.h"
#include "lang/script.h"
#include "mm/event.h"
#include "run/cgroup.h"
#include "run/interp.h"
#include "run/keeper.h"
#include "run/observer.h"
#include "run/process.h"
#include "run/stale.h"
#include "run/why-history.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* How a value would come out in another run on the same machine: what --symbolic may not print. */
enum steadiness {
	STEADY,
	SHIFTED, /* an address, a count since some start: the difference of two is steady */
	NOISY,
};

/* A value of the language.  A string is borrowed: from the script, from the step's arena, or from the name it is bound to. */
struct value {
	bool is_string;
	bool hidden;        /* the kernel did not tell it: it is 0 */
	uint8_t steadiness; /* enum steadiness, of an integer */
	int64_t integer;
	const char *text; /* len bytes and a NUL; may hold others */
	size_t len;
};

/* A process of the script. */
struct actor {
	struct process process;
	struct observer observer;
	bool observed;         /* observer is open */
	struct maps maps[2];   /* the last snapshot, and the one before it */
	unsigned current;
	struct stale stale;    /* where maps[current] may not be how things stand */
	uint64_t known_break;  /* what brk last gave; 0: not known */
	struct regions regions, old_regions;
	struct why_history gone;
	const char *name;      /* what the script calls it; NULL for the main process */
	bool waited;           /* wait() has collected it */
	unsigned entered;      /* blocks of "in" that are open in it */
	struct {
		bool open;
		int status, stat; /* -errno: cannot be opened */
	} counters;            /* with --detail */
};

/* --pages: what is kept of them. */
struct paging {
	bool valid;                         /* before is how they stood before the step in hand */
	struct pages before, after, folded; /* folded: when the passes of a repeat ceased to be shown one by one */
	struct pages_change change;
	bool moved, stored;                 /* hint, address are valid */
	struct delta_hint hint;
	uint64_t address;
};

/* A hole that was handed out, so that asking again gives the same. */
struct hole {
	uint64_t start, len;
};

enum { STEP_FAULTS = 8 };

struct machine {
	const struct script *script;
	const struct interp_options *options;
	const struct event_sink *sink;

	struct actor **actors; /* the main process first */
	size_t actor_count, actor_cap;
	struct actor *here;    /* the process that performs */

	struct value *slots;   /* by the script's slots; strings are owned here */
	bool *bound;
	char *stale;           /* the string that a name was bound to before */
	const char **names;    /* copies: a name is one pointer for as long as the machine lives */
	size_t name_count, slots_cap, bound_cap, names_cap;
	struct arena name_texts;
	int last_error;        /* errno of the language */
	unsigned next_region;
	const char *script_name;
	struct {
		struct keeper keeper; /* of the System V segments */
		int list;
		time_t since;       /* when the first could be made */
		uint64_t *creators; /* who may have made some: a bit for each pid; NULL: nobody */
	} segments;
	struct {
		struct keeper keeper;
		struct cgroup group; /* the script's own, when the keeper is there */
		int64_t limit;
	} confined;
	uint64_t *injected;    /* by the options' injections: such calls so far */
	struct hole *holes;
	size_t hole_count, hole_cap;
	uint64_t page;

	/* Of the step in hand. */
	struct arena temp;
	struct buf reason;     /* why it fails; empty: it does not */
	struct event_fault faults[STEP_FAULTS];
	size_t fault_count;
	bool was_dead;         /* the process had died before it */
	struct {
		const char *text;
		const char *rules[EVENT_RULES];
	} last_words;          /* why the process died, found while it lived */
	int death;             /* the signal that killed the process in this step */
	bool address_varies;   /* another run may find the address of the access in hand elsewhere */
	bool ended;            /* the tool killed it, for a limit or a disturbed connection: a failure whatever the script expects */
	struct delta delta;
	bool flags_read;       /* flags_text is smaps as it was before the call in hand */
	struct buf flags_text;
	struct detail *detail; /* --detail: run/detail.h; NULL: it was not asked for */

	struct event_verdict verdict;
	struct buf conclusion; /* the first reason why the script does not pass */
	bool broken;           /* the tool cannot go on; reason says why */
	bool unsupported;      /* this kernel or machine cannot do it; reason says why */
	unsigned loops;        /* how many repeats the statement in hand stands in */
	struct paging paging;
	bool breaking;         /* a break is on its way to its repeat */
	bool folding;          /* the passes of a repeat are not shown one by one any more */
	struct maps fold_maps; /* how things stood when that began */
	struct regions fold_regions;
	const struct statement *fold_repeat;
	uint64_t fold_passes;  /* completed since then */
	struct event_tally *tallies; /* what was checked in them, and not told yet */
	size_t tally_count, tally_cap;
};

/* Records why the step fails; the first reason stays.  Returns false, for return machine_fail(…). */
bool machine_fail(struct machine *m, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Records that the tool itself cannot go on: call failed with -error. */
bool machine_break(struct machine *m, const char *call, int error);
/* Records that something of the script is left outside of it, with the call that failed with -error: the verdict is to say so. */
void machine_left(struct machine *m, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));

/*
 * What /proc tells of a process could not be read, or with open not be opened: -error.  The tool cannot go on, for what it
 * would leave unsaid is what was asked for; but that the kernel has no such file, or that the process has ended, is data.
 */
void machine_unread(struct machine *m, bool open, const char *file, int error);

/* The request and the reply of the exchange in hand; machine_request() empties the request. */
struct exec_request *machine_request(enum exec_op op);
/* Has the current process do what the request says.  NULL: it died of it, or the tool failed; the reason is recorded. */
const struct exec_reply *machine_ask(struct machine *m);

/* What an exchange with the current process came to.  False: it died of it, or the tool failed; the reason is recorded. */
bool machine_outlived(struct machine *m, enum exchange outcome);

/*
 * Whether the current process has its memory still, so that what was just read of it is true.  False: it is dying, of what
 * nobody knows yet (a signal from outside), or the tool failed; the reason is recorded.
 */
bool machine_lives(struct machine *m);
/* What was seen of the current process in a step stays in its event only where that holds. */
void machine_settle(struct machine *m, struct event_step *step);

/* The maps of the current process as they are now, or NULL (the tool failed, or the process is dead). */
const struct maps *machine_maps(struct machine *m);
/* The same, with the snapshot from before kept until the next call of this function. */
const struct maps *machine_look(struct machine *m, const struct maps **before);
/* Opens what is looked at of an actor whose process has started.  0 or -errno; -EOPNOTSUPP: not in the way of the options. */
int machine_observe(struct machine *m, struct actor *actor);
/* Says that [addr, addr + len) was loaded from or stored to: the maps stay fresh when all of it was mapped. */
void machine_accessed(struct machine *m, uint64_t addr, uint64_t len);

/* prepare.c: gives the main process the limits of the options; false: it cannot have them, and reason says why. */
bool machine_limit(struct machine *m);
/* Binds the names of the options, which are the first ones of the script. */
void machine_define(struct machine *m);

/* state.c: makes room for the names of a script whose first ones are those that are known. */
void machine_learn(struct machine *m, const struct script *script);
/* Binds a name of the script; a string is copied. */
void machine_bind(struct machine *m, uint32_t slot, const struct value *value);

/* The process with that pid, or NULL. */
struct actor *machine_actor(struct machine *m, int64_t pid);

/* eval.c: evaluates an expression.  False: the step fails, and reason says why. */
bool eval(struct machine *m, const struct expr *expr, struct value *value);
bool eval_integer(struct machine *m, const struct expr *expr, int64_t *value);
/* The address of BASE[OFFSET].  Sums do not wrap as the processor's do: an overflow fails the step. */
bool eval_address(struct machine *m, const struct expr *expr, uint64_t *address);
/* A binary expression other than && and ||, with what its sides came to. */
bool eval_sides(struct machine *m, const struct expr *expr, struct value *left, struct value *right, struct value *value);
/* functions.c: a function of the language, arguments already evaluated. */
bool function_call(struct machine *m, const struct function *function, const struct value *args, struct value *value);

/*
 * render.c: a value as a report shows it; like says what it is compared with (constants are shown by name), or NULL.
 * Returns whether another run would show the same.
 */
bool render_value(struct machine *m, struct buf *out, const struct value *value, const struct expr *like);
/*
 * Of two sides that are compared, what the value of own is shown like: errno and a fault are shown as such beside anything,
 * everything else like the other side.
 */
const struct expr *render_like(const struct expr *own, const struct expr *other);

/*
 * A call that a statement makes: what the parts that perform it fill in.  result is -errno on failure, as the kernel's.
 */
struct performance {
	const struct statement *statement;
	const struct value *args;  /* as many as the statement has */
	uint64_t words[CALL_ARGS]; /* of a system call: the arguments as numbers; a string's is its offset in the request */
	struct event_call *call;  /* the name and the arguments as made */
	int64_t result;
	bool survives;            /* a death of the process is a result here, not a failed step ("= ?") */
	const char *path;         /* of open: what was judged, and is what the process opens; NULL: there is none to read */
	uint64_t unreadable;      /* of open without a path: the address of the byte that cannot be read */
	uint64_t moved_before;    /* of an mremap that failed: how much of the old range had moved by then */
};

/* perform.c: performs a call statement, binds its name, and fills the step's call, delta and outcome. */
void perform_call(struct machine *m, const struct statement *statement, struct event_step *step);
/* Performs ADDR[EXPR] = EXPR. */
void perform_store(struct machine *m, const struct statement *statement, struct event_step *step);
/*
 * After an expression was worked out in which memory was accessed, where the maps were known before: what that made of a
 * MAP_GROWSDOWN mapping, if anything.
 */
void perform_accessed(struct machine *m, struct event_step *step);

/* Each performs one class of calls.  False: the step fails, or the process died of it. */
bool perform_system(struct machine *m, struct performance *p);
bool perform_memory(struct machine *m, struct performance *p);
bool perform_fork(struct machine *m, struct performance *p);
bool perform_wait(struct machine *m, struct performance *p);
bool perform_tmpfile(struct machine *m, struct performance *p);
bool perform_cgroup(struct machine *m, struct performance *p);

/*
 * files.c: whether the script may open that file, judged before it is opened; and after, on the object itself, by the
 * descriptor that the process got.  False: machine_fail() was called.
 */
bool files_may_open(struct machine *m, const char *path, uint64_t flags);
bool files_may_keep(struct machine *m, const char *path, int fd);
/*
 * Whether that open is the tool's to make: for writing, without --allow-write, which the fence refuses the subject itself.
 * files_hand_over() makes it, of what files_may_open() has let through, /dev/zero or /dev/null, and gives the descriptor to
 * the process; p->result is what open(2) answers.  False: the process died.
 */
bool files_are_handed_over(const struct machine *m, uint64_t flags);
bool files_hand_over(struct machine *m, struct performance *p, const char *path, uint64_t flags);
/*
 * The path at an address of the current process, so much of it as the kernel reads; NULL: it cannot be read, and
 * *unreadable is the first byte that cannot.  False: the process died.
 */
bool files_path_at(struct machine *m, uint64_t address, const char **path, uint64_t *unreadable);

/* segments.c: whether a call of shm(7) concerns the script's own segments only.  False: machine_fail() was called. */
bool segments_may_call(struct machine *m, const struct performance *p);
/* Takes away the segments that are left; all processes of the script have ended. */
void segments_fini(struct machine *m);

/* confine.c: what the function oom_kills() gives; false: the step fails. */
bool confine_oom_kills(struct machine *m, int64_t *count);
/* With --explain: what the call has to do with it. */
void confine_explain(struct machine *m, const struct performance *p, struct event_step *step);
/* Removes the script's cgroup, if it has one: its processes are dead. */
void confine_fini(struct machine *m);

/*
 * names.c: what a call does to the named regions; one that failed, too, can have moved or unmapped something (mremap).  before:
 * the maps, or NULL where they were not looked at.  True with a hint, for mmap and mremap.
 */
bool names_update(struct machine *m, struct performance *p, const struct maps *before, struct delta_hint *hint);
/* Whether that takes the maps before the call, also where nobody asks for what changed. */
bool names_need_maps(struct machine *m, const struct performance *p);

/*
 * pages.c: with --pages, looks at the pages of the current process's named regions before and after a step, and fills in
 * the step's pages; the same around passes that are summed up.  Between the two: what mremap moved, and where a store went.
 */
void pages_before(struct machine *m);
void pages_moved(struct machine *m, const struct delta_hint *hint);
void pages_stored(struct machine *m, uint64_t address);
void pages_after(struct machine *m, struct event_step *step);
void pages_fold(struct machine *m);
void pages_unfold(struct machine *m, struct event_step *step);
void pages_end(struct machine *m);

/* feature.c: ends the script as unsupported unless the running kernel has a constant or call, tried in a process of its own. */
void feature_require(struct machine *m, const struct statement *statement);

#endif
