#include "tests/disk/ladder.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/secret.h"
#include "tests/disk/alloc.h"

#define RUNGS_MAX 20000

/* What is done besides deeds. */
enum { SCENE_START = DEEDS, SCENE_STOP, SCENE_SNAPSHOT, SCENES };

enum kind {
	KIND_ALLOC,
	KIND_CUT,
	KIND_NOSPACE,
	KIND_SHORT,
	KIND_WRITE,
	KIND_SYNC,
	KIND_META,
	KIND_FOLDER,
	KINDS,
};

static const struct {
	const char *name;
	enum fault fault;
	bool sticky_too;
} kinds[KINDS] = {
	[KIND_ALLOC] = { "allocation", FAULT_NONE, true },
	[KIND_CUT] = { "cut at call", FAULT_CUT, false },
	[KIND_NOSPACE] = { "no room at call", FAULT_NOSPACE, true },
	[KIND_SHORT] = { "short write", FAULT_SHORT, true },
	[KIND_WRITE] = { "failed write", FAULT_EIO_WRITE, true },
	[KIND_SYNC] = { "failed fsync", FAULT_EIO_SYNC, true },
	[KIND_META] = { "failed write of a meta page", FAULT_EIO_META, true },
	[KIND_FOLDER] = { "failed name", FAULT_EIO_FOLDER, true },
};

const char *ladder_tally_text(enum ladder_tally tally)
{
	static const char *const texts[LADDER_TALLIES] = {
		[LADDER_RUNGS] = "rungs of ladders",
		[LADDER_DONE] = "requests done in spite of it",
		[LADDER_REFUSED] = "requests refused, with a message",
		[LADDER_ENDED] = "daemons that ended, with a word",
	};

	return texts[tally];
}

static const char *scene_text(uint32_t scene)
{
	switch (scene) {
	case SCENE_START:
		return "start";
	case SCENE_STOP:
		return "stop";
	case SCENE_SNAPSHOT:
		return "snapshot by itself";
	default:
		return deed_text((enum deed)scene);
	}
}

PRINTF(2, 3) static bool wrong(struct ladder *ladder, const char *format, ...)
{
	va_list list;

	if (ladder->wrong[0])
		return false;
	va_start(list, format);
	vsnprintf(ladder->wrong, sizeof(ladder->wrong), format, list);
	va_end(list);
	return false;
}

/* --- the vault to begin with ------------------------------------------------ */

static struct inode *freeze(struct ladder *ladder)
{
	struct machine *machine = &ladder->machine;

	machine_stop(machine);
	platter_go_on(machine->platter);
	return platter_copy(machine->platter);
}

static void prepare(struct ladder *ladder)
{
	static const enum deed deeds[] = {
		DEED_INIT,   DEED_BATCH,    DEED_ADD_HOTP, DEED_CODE,
		DEED_EDIT,   DEED_ADD_HOTP, DEED_REMOVE,   DEED_ADD,
		DEED_REMOVE, DEED_DEVICE,   DEED_DEVICE,   DEED_GROUP,
	};
	struct machine *machine = &ladder->machine;
	struct draw draw = draw_stream(1, 5);
	uint32_t version = 0;
	int fd;

	platter_begin(machine->platter, 1);
	machine_begin(machine, 1);
	REQUIRE(mkdir(machine->config.snapshot_dir, 0700) == 0);
	fd = open(machine->platter->root, O_RDONLY | O_CLOEXEC);
	REQUIRE(fd >= 0 && fsync(fd) == 0);
	close(fd);
	ladder->empty = freeze(ladder);
	memset(&ladder->base, 0, sizeof(ladder->base));
	REQUIRE(machine_start(machine));
	for (size_t i = 0; i < ARRAY_SIZE(deeds); i++)
		REQUIRE(deed_do(deeds[i], machine, &ladder->base, &draw,
				&version) == OUTCOME_DONE);
	ladder->image = freeze(ladder);
}

/* --- one rung --------------------------------------------------------------- */

struct rung {
	uint32_t scene, n;
	enum kind kind;
	bool sticky;
	struct seen next;
	enum outcome outcome;
	uint32_t struck;
};

static void arm(struct ladder *ladder, const struct rung *rung)
{
	struct platter *platter = ladder->machine.platter;
	struct plan plan = { kinds[rung->kind].fault, rung->n, rung->sticky };
	struct plan none = { 0 };

	if (rung->kind == KIND_ALLOC)
		alloc_arm(rung->n, rung->sticky);
	else if (rung->kind == KIND_CUT)
		platter_plan(platter, plan, none);
	else
		platter_plan(platter, none, plan);
}

static void disarm(struct ladder *ladder, struct rung *rung)
{
	struct platter *platter = ladder->machine.platter;

	rung->struck = alloc_disarm();
	if (rung->kind == KIND_CUT)
		rung->struck = platter->dead;
	else if (rung->kind != KIND_ALLOC)
		rung->struck = platter->hits >= rung->n;
	platter->plan = (struct plan){ 0 };
}

static enum outcome play(struct ladder *ladder, struct rung *rung)
{
	struct machine *machine = &ladder->machine;
	struct draw draw = draw_stream(rung->scene, 6);
	uint32_t version = 1000;

	switch (rung->scene) {
	case SCENE_START:
		return machine_start(machine) ? OUTCOME_DONE : OUTCOME_DOWN;
	case SCENE_STOP:
		machine_stop(machine);
		return OUTCOME_DONE;
	case SCENE_SNAPSHOT:
		machine_later(machine, 6000);
		return machine->up ? OUTCOME_DONE : OUTCOME_DOWN;
	default:
		return deed_do((enum deed)rung->scene, machine, &rung->next,
			       &draw, &version);
	}
}

/* From the power cut on: what is there now, and does it go on? */
static bool look_again(struct ladder *ladder, const struct rung *rung)
{
	struct machine *machine = &ladder->machine;
	struct draw draw = draw_stream(rung->scene, 7);
	uint32_t version = 2000;
	char where[200] = "";
	struct seen is;
	bool old, new;

	if (!machine_start(machine))
		return wrong(ladder, "does not start again: %s",
			     machine->last_words);
	if (!deed_see(machine, &is))
		return wrong(ladder, "does not show its vault again");
	old = seen_equal(&is, &ladder->base);
	new = seen_equal(&is, &rung->next);
	if (rung->scene == DEED_INIT)
		old = !is.made;
	seen_differ(where, sizeof(where), &is, &rung->next);
	if (rung->outcome == OUTCOME_DONE && !new)
		return wrong(ladder, "was done, and is not: %s", where);
	if (rung->outcome == OUTCOME_FAILED && !old)
		return wrong(ladder, "was refused, and is done: %s", where);
	if (!old && !new)
		return wrong(ladder, "neither old nor new: %s", where);
	if (deed_do(!is.made		      ? DEED_INIT :
		    deed_fits(DEED_EDIT, &is) ? DEED_EDIT :
						DEED_ADD,
		    machine, &is, &draw, &version) != OUTCOME_DONE)
		return wrong(ladder, "the next request is not done: %s",
			     machine->up ? machine->replies[0]->message :
					   machine->last_words);
	return true;
}

static bool judge(struct ladder *ladder, const struct rung *rung)
{
	struct machine *machine = &ladder->machine;

	switch (rung->outcome) {
	case OUTCOME_DONE:
		ladder->tallies[LADDER_DONE]++;
		return true;
	case OUTCOME_FAILED:
		ladder->tallies[LADDER_REFUSED]++;
		return machine->replies[0]->message[0] ||
		       wrong(ladder, "an error without a word");
	case OUTCOME_DOWN:
		if (rung->kind == KIND_CUT)
			return true;
		ladder->tallies[LADDER_ENDED]++;
		if (machine->up)
			return wrong(ladder, "no answer");
		return machine->last_words[0] ||
		       wrong(ladder, "ended without a word");
	default:
		return wrong(ladder, "an answer that is not true");
	}
}

/* A daemon on the vault to begin with, or on none. */
static bool set_up(struct ladder *ladder, struct rung *rung)
{
	struct machine *machine = &ladder->machine;
	struct platter *platter = machine->platter;
	bool empty = rung->scene == DEED_INIT;
	struct seen is;

	platter->draw = draw_stream(rung->scene * 65536ull + rung->n,
				    8 + (uint32_t)rung->kind);
	platter_restore(platter, empty ? ladder->empty : ladder->image);
	machine_begin(machine, 2);
	rung->next = ladder->base;
	if (empty)
		memset(&rung->next, 0, sizeof(rung->next));
	return rung->scene == SCENE_START ||
	       (machine_start(machine) && deed_see(machine, &is)) ||
	       wrong(ladder, "does not begin");
}

/* True, with rung->struck 0: the ladder ends here. */
static bool climb(struct ladder *ladder, struct rung *rung)
{
	struct machine *machine = &ladder->machine;
	struct platter *platter = machine->platter;

	if (!set_up(ladder, rung))
		return false;
	arm(ladder, rung);
	rung->outcome = play(ladder, rung);
	disarm(ladder, rung);
	if (ladder->trace && rung->struck)
		printf("%s %u: outcome %d: %s\n", kinds[rung->kind].name,
		       rung->n, rung->outcome, machine->last_words);
	if (!judge(ladder, rung))
		return false;
	/* All that was not flushed goes. */
	machine_drop(machine);
	platter->dead = true;
	platter_power_up(platter);
	if (!look_again(ladder, rung))
		return false;
	machine_drop(machine);
	return secret_used() == 0 ||
	       wrong(ladder, "%zu bytes of secrets leaked", secret_used());
}

/* Adds what was wrong there. */
static bool fallen(struct ladder *ladder, const struct rung *rung)
{
	char was[sizeof(ladder->wrong)];

	snprintf(was, sizeof(was), "%s", ladder->wrong);
	snprintf(ladder->wrong, sizeof(ladder->wrong), "%s, %s %u%s: %.250s",
		 scene_text(rung->scene), kinds[rung->kind].name, rung->n,
		 rung->sticky ? " and all later" : "", was);
	return false;
}

static bool climb_one(struct ladder *ladder, struct rung *rung)
{
	ladder->rung = rung->n;
	if (!climb(ladder, rung))
		return fallen(ladder, rung);
	if (!rung->struck)
		return true;
	ladder->tallies[LADDER_RUNGS]++;
	*(rung->kind == KIND_ALLOC ? &ladder->memory : &ladder->disk) += 1;
	return true;
}

static void tell(const struct ladder *ladder, const struct rung *rung, size_t n)
{
	if (ladder->trace)
		printf("%s: %s: %zu%s\n", scene_text(rung->scene),
		       kinds[rung->kind].name, n,
		       rung->sticky ? ", and all later" : "");
}

/* The calls of the disk, until the request takes no more of them. */
static bool climb_calls(struct ladder *ladder, struct rung *rung)
{
	for (rung->n = 1; rung->n < RUNGS_MAX; rung->n++) {
		if (!climb_one(ladder, rung))
			return false;
		if (!rung->struck)
			break;
	}
	tell(ladder, rung, rung->n - 1);
	return true;
}

/*
 * Of the allocations those that come by a way that none came before, once and
 * for ever: first the request is done without failures, to see which.
 */
static bool climb_ways(struct ladder *ladder, struct rung *rung, uint32_t turn,
		       uint32_t turns)
{
	const uint32_t *list;
	size_t n;

	if (!set_up(ladder, rung))
		return fallen(ladder, rung);
	alloc_watch();
	rung->outcome = play(ladder, rung);
	list = alloc_watched(&n);
	if (rung->outcome != OUTCOME_DONE) {
		wrong(ladder, "is not done, without a failure");
		return fallen(ladder, rung);
	}
	machine_drop(&ladder->machine);
	for (size_t i = turn % turns; i < n; i += turns)
		for (int sticky = 0; sticky < 2; sticky++) {
			rung->n = list[i];
			rung->sticky = sticky;
			if (!climb_one(ladder, rung))
				return false;
		}
	tell(ladder, rung, n);
	return true;
}

static bool climb_all(struct ladder *ladder, struct rung *rung, uint32_t turn,
		      uint32_t turns)
{
	if (rung->kind == KIND_ALLOC)
		return climb_ways(ladder, rung, turn, turns);
	for (int sticky = 0; sticky <= kinds[rung->kind].sticky_too; sticky++) {
		rung->sticky = sticky;
		if (!climb_calls(ladder, rung))
			return false;
	}
	return true;
}

bool ladder_run(struct ladder *ladder, uint32_t turn, uint32_t turns)
{
	prepare(ladder);
	for (uint32_t scene = 0; scene < SCENES; scene++)
		for (int kind = 0; kind < KINDS; kind++) {
			struct rung rung = { .scene = scene,
					     .kind = (enum kind)kind };

			ladder->scenario = scene;
			if (ladder->only && scene + 1 != ladder->only)
				continue;
			if (!climb_all(ladder, &rung, turn, turns))
				return false;
		}
	return true;
}

void ladder_init(struct ladder *ladder, struct platter *platter)
{
	struct config *config;

	memset(ladder, 0, sizeof(*ladder));
	machine_init(&ladder->machine, platter);
	config = &ladder->machine.config;
	snprintf(config->snapshot_dir, sizeof(config->snapshot_dir),
		 "%s/snapshots", platter->root);
	config->snapshot_keep = 2;
	config->snapshot_delay = 1;
	config->idle_lock = 0;
}

void ladder_deinit(struct ladder *ladder)
{
	machine_deinit(&ladder->machine);
	platter_drop(ladder->image);
	platter_drop(ladder->empty);
}
