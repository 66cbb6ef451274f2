#include "tests/disk/life.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define STEPS_MAX 400 /* transactions of a life, more than any plan needs */

static const char *const texts[TALLIES] = {
	[TALLY_CUTS] = "power cuts",
	[TALLY_KILLS] = "kills",
	[TALLY_CREATING] = "cuts while the store was made",
	[TALLY_COMMITS] = "commits acknowledged",
	[TALLY_OLD] = "commits in doubt that were not there",
	[TALLY_NEW] = "commits in doubt that were there",
	[TALLY_REFUSED] = "commits that failed and said so",
	[TALLY_UNOPENED] = "starts that failed and said so",
	[TALLY_MENDED] = "first commits after a mended disk",
	[TALLY_WIPES] = "stores wiped",
	[TALLY_RENEWED] = "stores followed by another",
	[TALLY_DOUBT] = "stores that may be followed by another",
	[TALLY_RESTORED] = "older images restored",
};

const char *tally_text(enum tally tally)
{
	return texts[tally];
}

PRINTF(2, 3) static bool wrong(struct life *life, const char *format, ...)
{
	va_list list;

	if (life->wrong[0])
		return false;
	va_start(list, format);
	vsnprintf(life->wrong, sizeof(life->wrong), format, list);
	va_end(list);
	return false;
}

PRINTF(2, 3) static void tell(struct life *life, const char *format, ...)
{
	va_list list;

	if (!life->trace)
		return;
	va_start(list, format);
	printf("life %2u  op %3u  ", life->number, life->platter->ops);
	vprintf(format, list);
	printf("\n");
	va_end(list);
}

/* --- states ----------------------------------------------------------------- */

static void certain(struct life *life)
{
	life->n_may = 1;
}

static void in_doubt(struct life *life, const struct rows *rows)
{
	REQUIRE(life->n_may < ARRAY_SIZE(life->may));
	life->may[life->n_may++] = *rows;
}

/* power: was it a cut? Then what a cache showed may be gone. */
static bool settle(struct life *life, bool power)
{
	struct rows is;
	char where[100];
	size_t i;
	int rc = rows_read(&is, life->store);

	if (rc)
		return wrong(life, "rows do not read: %s", strerror(-rc));
	for (i = 0; i < life->n_may; i++)
		if (rows_equal(&is, &life->may[i]))
			break;
	if (i == life->n_may) {
		rows_differ(where, sizeof(where), &is, &life->may[0]);
		return wrong(life, "neither old nor new: %s", where);
	}
	if (life->n_may > 1)
		life->tallies[i ? TALLY_NEW : TALLY_OLD]++;
	tell(life, "state %zu of %zu%s", i, life->n_may,
	     power ? "" : ", without a cut");
	life->may[0] = is;
	certain(life);
	return true;
}

/* --- opening ---------------------------------------------------------------- */

/* Errors that a failing disk may lead to, and no others. */
static bool may_say(const struct life *life, int rc)
{
	switch (life->platter->plan.fault) {
	case FAULT_NOSPACE:
	case FAULT_SHORT:
		return rc == -ENOSPC || rc == -EIO;
	case FAULT_EIO_WRITE:
	case FAULT_EIO_SYNC:
	case FAULT_EIO_META:
	case FAULT_EIO_FOLDER:
		return rc == -EIO;
	default:
		return false;
	}
}

static bool mend(struct life *life)
{
	if (life->platter->plan.fault == FAULT_NONE)
		return false;
	tell(life, "the disk is well again");
	life->platter->plan = (struct plan){ 0 };
	return true;
}

/* True: it is open, or the machine is dead. */
static bool open_store(struct life *life, bool power)
{
	for (;;) {
		int rc;

		life->store = NULL;
		rc = store_open(life->vault, &life->store);
		if (life->platter->dead) {
			store_close(life->store);
			life->store = NULL;
			return true;
		}
		if (rc == 0)
			return settle(life, power);
		tell(life, "not opened: %s",
		     rc > 0 ? store_error_text(rc) : strerror(-rc));
		if (!may_say(life, rc))
			return wrong(life, "store_open: %s",
				     rc > 0 ? store_error_text(rc) :
					      strerror(-rc));
		life->tallies[TALLY_UNOPENED]++;
		mend(life);
	}
}

/* --- writing ---------------------------------------------------------------- */

/* A store that has failed takes nothing more, whatever the disk does now. */
static bool stays_failed(struct life *life)
{
	static const uint8_t key[] = { 'x' };
	struct plan plan = life->platter->plan;
	struct bytes found;

	life->platter->plan = (struct plan){ 0 };
	store_put(life->store, TABLE_LOCAL, BYTES(key), BYTES(key));
	if (store_commit(life->store) == 0 && !life->platter->dead)
		return wrong(life, "a failed store took another commit");
	if (store_get(life->store, TABLE_LOCAL, BYTES(key), &found) == 0)
		return wrong(life, "a failed store is read from");
	store_release(life->store);
	life->platter->plan = plan;
	return true;
}

/* The process ends, and another begins with the same cache. */
static bool start_again(struct life *life)
{
	bool mended;

	store_close(life->store);
	life->store = NULL;
	/* A disk that stays broken is met once more before it is mended. */
	mended = draw_chance(&life->draw, 4) && mend(life);
	if (!open_store(life, false))
		return false;
	if (!mended && life->store && !life->platter->plan.sticky)
		mend(life);
	return true;
}

static bool commit(struct life *life)
{
	struct rows next = life->may[0];
	bool well = life->platter->plan.fault == FAULT_NONE;
	int rc;

	rows_change(&next, life->store, &life->draw, &life->version);
	rc = store_commit(life->store);
	if (rc == 0 && life->platter->dead)
		return wrong(life, "a commit after the power was cut");
	if (rc == 0) {
		tell(life, "commit");
		life->tallies[TALLY_COMMITS]++;
		life->tallies[TALLY_MENDED] += well && life->platter->hits > 0;
		life->may[0] = next;
		certain(life);
		return true;
	}
	tell(life, "commit: %s", strerror(-rc));
	in_doubt(life, &next);
	if (life->platter->dead)
		return true;
	if (!may_say(life, rc))
		return wrong(life, "store_commit: %s", strerror(-rc));
	life->tallies[TALLY_REFUSED]++;
	if (!stays_failed(life))
		return false;
	if (life->platter->dead)
		return true;
	return start_again(life);
}

static bool wipe(struct life *life)
{
	static const struct rows nothing;
	int rc = store_wipe(&life->store);

	if (rc == 0 && life->platter->dead)
		return wrong(life, "wiped after the power was cut");
	life->tallies[TALLY_WIPES] += rc == 0;
	tell(life, "wipe: %s", strerror(-rc));
	if (rc == 0) {
		life->may[0] = nothing;
		certain(life);
	} else {
		in_doubt(life, &nothing);
	}
	if (life->platter->dead)
		return true;
	if (rc && !may_say(life, rc))
		return wrong(life, "store_wipe: %s", strerror(-rc));
	return start_again(life);
}

/* Somebody removes an old store in the end. */
static void remove_before(struct life *life, uint32_t number)
{
	char path[PATH_BYTES], file[PATH_BYTES + 16];

	snprintf(path, sizeof(path), "%s/store.before-%u", life->vault, number);
	snprintf(file, sizeof(file), "%s/data.mdb", path);
	unlink(file);
	snprintf(file, sizeof(file), "%s/lock.mdb", path);
	unlink(file);
	rmdir(path);
}

/* Ended: it follows now, or at the next start, whatever happens. */
static bool follow(struct life *life, const struct rows *next)
{
	int rc;

	life->tallies[TALLY_RENEWED]++;
	life->may[0] = *next;
	certain(life);
	rc = store_renew(life->store);
	tell(life, "the next one: %d", rc);
	if (life->platter->dead)
		return true;
	if (rc && !may_say(life, rc))
		return wrong(life, "store_renew: %d", rc);
	if (rc)
		return start_again(life);
	if (life->renewals > 2)
		remove_before(life, life->renewals - 2);
	return life->platter->dead || settle(life, false);
}

static bool renew(struct life *life)
{
	struct rows next;
	char name[16];
	int rc;

	rows_make(&next, life->store, &life->draw, &life->version);
	if (draw_chance(&life->draw, 1)) {
		store_next_drop(life->store);
		return true;
	}
	snprintf(name, sizeof(name), "%u", ++life->renewals);
	rc = store_next_end(life->store, name);
	tell(life, "another store beside: %s",
	     rc > 0 ? "in doubt" : strerror(-rc));
	if (life->platter->dead) {
		/* What it thinks that it says nobody hears any more. */
		in_doubt(life, &next);
		return true;
	}
	if (rc == 0)
		return follow(life, &next);
	if (rc == STORE_ERR_DOUBT) {
		life->tallies[TALLY_DOUBT]++;
		in_doubt(life, &next);
		return (may_say(life, -EIO) && start_again(life)) ||
		       wrong(life, "in doubt without a fault");
	}
	/* The old one goes on. */
	return may_say(life, rc) ||
	       wrong(life, "store_next_end: %s", strerror(-rc));
}

static bool step(struct life *life)
{
	uint32_t what = draw_below(&life->draw, 64);

	/* Now and then most of a life is about the store that comes next. */
	if (life->renewing && what >= 32)
		return renew(life);
	if (what == 0)
		return wipe(life);
	if (what <= 2)
		return renew(life);
	if (what <= 4) {
		int rc = store_rest(life->store);
		return rc == 0 || life->platter->dead ||
		       wrong(life, "store_rest: %s", strerror(-rc));
	}
	return commit(life);
}

/* --- a life ----------------------------------------------------------------- */

static void draw_plan(struct life *life)
{
	static const enum fault errors[] = {
		FAULT_NOSPACE,	FAULT_SHORT,	FAULT_EIO_WRITE,
		FAULT_EIO_SYNC, FAULT_EIO_META, FAULT_EIO_FOLDER,
		FAULT_SLOW,
	};
	struct draw *draw = &life->draw;
	struct plan cut = { FAULT_CUT, 1, false }, plan = { 0 };

	if (draw_below(draw, 12) == 0)
		cut.fault = FAULT_KILL;
	cut.at += draw_below(draw, draw_chance(draw, 4) ? 12 : 40);
	if (draw_chance(draw, 2)) {
		plan.fault = errors[draw_below(draw, ARRAY_SIZE(errors))];
		plan.at = 1 + draw_below(draw, 8);
		plan.sticky = draw_chance(draw, 2);
	}
	life->renewing = draw_below(draw, 6) == 0;
	if (life->renewing && draw_chance(draw, 6))
		plan.fault = FAULT_EIO_FOLDER;
	if (life->renewing && plan.fault == FAULT_EIO_FOLDER)
		plan.at = 1 + draw_below(draw, 24);
	platter_plan(life->platter, cut, plan);
	tell(life, "%s at %u; fault %d at %u%s",
	     cut.fault == FAULT_CUT ? "cut" : "kill", cut.at, plan.fault,
	     plan.at, plan.sticky ? " and for ever" : "");
}

/* Somebody restores a backup of the whole disk, or takes one. */
static void images(struct life *life)
{
	uint32_t what = draw_below(&life->draw, 24);

	if (what == 0 && life->image) {
		platter_restore(life->platter, life->image);
		life->may[0] = life->then;
		certain(life);
		life->tallies[TALLY_RESTORED]++;
	}
}

static void keep_image(struct life *life)
{
	if (draw_below(&life->draw, 24) != 0 || !life->store)
		return;
	/* Between two commits what is durable is what is acknowledged. */
	platter_drop(life->image);
	life->image = platter_copy(life->platter);
	life->then = life->may[0];
}

static bool one_life(struct life *life, bool power)
{
	draw_plan(life);
	if (!open_store(life, power))
		return false;
	for (int i = 0; i < STEPS_MAX && !life->platter->dead; i++) {
		if (!step(life))
			return false;
		if (!life->platter->dead)
			keep_image(life);
	}
	if (!life->platter->dead)
		return wrong(life, "the plan was not carried out");
	store_close(life->store);
	life->store = NULL;
	return true;
}

static void end_life(struct life *life)
{
	bool power = life->platter->cut.fault == FAULT_CUT;

	if (power) {
		platter_power_up(life->platter);
		life->tallies[TALLY_CUTS]++;
	} else {
		platter_go_on(life->platter);
		life->tallies[TALLY_KILLS]++;
	}
}

bool life_run(struct life *life, uint64_t seed)
{
	bool power = true;

	life->seed = seed;
	life->draw = draw_stream(seed, 2);
	life->version = life->renewals = 0;
	life->wrong[0] = '\0';
	platter_begin(life->platter, seed);
	platter_drop(life->image);
	life->image = NULL;
	memset(life->may, 0, sizeof(life->may));
	certain(life);
	for (life->number = 0; life->number < LIVES; life->number++) {
		if (!one_life(life, power)) {
			store_close(life->store);
			life->store = NULL;
			return false;
		}
		if (life->version == 0)
			life->tallies[TALLY_CREATING]++;
		power = life->platter->cut.fault == FAULT_CUT;
		end_life(life);
		images(life);
	}
	return true;
}

void life_init(struct life *life, struct platter *platter)
{
	memset(life, 0, sizeof(*life));
	life->platter = platter;
	snprintf(life->vault, sizeof(life->vault), "%s/vault", platter->root);
}

void life_deinit(struct life *life)
{
	store_close(life->store);
	platter_drop(life->image);
}
