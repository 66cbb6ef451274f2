#include "tests/disk/service.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/status.h"

#define STEPS_MAX 200
#define PART 32768 /* of a snapshot that is verified */

static const char *const texts[SERVICE_TALLIES] = {
	[SERVICE_CUTS] = "power cuts under a daemon",
	[SERVICE_KILLS] = "kills of a daemon",
	[SERVICE_STOPS] = "clean ends of a daemon",
	[SERVICE_DEEDS] = "requests done",
	[SERVICE_OLD] = "requests in doubt that were not done",
	[SERVICE_NEW] = "requests in doubt that were done",
	[SERVICE_ENDED] = "daemons that ended by themselves and said why",
	[SERVICE_UNSTARTED] = "daemons that did not start and said why",
	[SERVICE_SNAPSHOTS] = "snapshot files found, and whole",
};

const char *service_tally_text(enum service_tally tally)
{
	return texts[tally];
}

PRINTF(2, 3) static bool wrong(struct service *service, const char *format, ...)
{
	va_list list;

	if (service->wrong[0])
		return false;
	va_start(list, format);
	vsnprintf(service->wrong, sizeof(service->wrong), format, list);
	va_end(list);
	return false;
}

PRINTF(2, 3) static void tell(struct service *service, const char *format, ...)
{
	va_list list;

	if (!service->trace)
		return;
	va_start(list, format);
	printf("life %2u  op %3u  ", service->number,
	       service->machine.platter->ops);
	vprintf(format, list);
	printf("\n");
	va_end(list);
}

/* --- snapshots -------------------------------------------------------------- */

static uint32_t verify_part(struct service *service, struct bytes part,
			    bool first, bool last)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__SnapshotAsk ask = FOB__SNAPSHOT_ASK__INIT;
	const Fob__Reply *reply;
	char op[] = "verify";

	ask.op = op;
	ask.first = first;
	ask.last = last;
	ask.data.len = part.n;
	memcpy(&ask.data.data, &part.p, sizeof(part.p));
	request.snapshot = &ask;
	reply = machine_ask(&service->machine, &request);
	return reply ? reply->status : STATUS_OK;
}

static bool verify_file(struct service *service, int folder, const char *name)
{
	static uint8_t data[1 << 20];
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, data, sizeof(data));

	if (fd >= 0)
		close(fd);
	if (n <= 0 || n == sizeof(data))
		return wrong(service, "%s: %zd bytes", name, n);
	for (size_t at = 0; at < (size_t)n; at += PART) {
		struct bytes part = { data + at,
				      size_min((size_t)n - at, PART) };
		uint32_t status = verify_part(service, part, at == 0,
					      at + part.n == (size_t)n);
		if (status != STATUS_OK)
			return wrong(service, "%s is not whole: status %u",
				     name, status);
	}
	service->tallies[SERVICE_SNAPSHOTS]++;
	return true;
}

/* Every file with a final name is whole; told: one must be there. */
static bool look_at_snapshots(struct service *service, bool told)
{
	const char *path = service->machine.config.snapshot_dir;
	int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = folder < 0 ? NULL : opendir(path);
	const struct dirent *entry;
	bool found = false, well = true;

	while (dir && well && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		found = true;
		well = verify_file(service, folder, entry->d_name);
	}
	if (dir)
		closedir(dir);
	if (folder >= 0)
		close(folder);
	if (!well)
		return false;
	return found || !told || service->machine.platter->dead ||
	       wrong(service, "a snapshot that was made is gone");
}

/* --- states ----------------------------------------------------------------- */

static bool settle(struct service *service)
{
	struct seen is;
	char where[200] = "";
	size_t i;

	if (!deed_see(&service->machine, &is)) {
		if (service->machine.platter->dead || service->machine.ended)
			return true;
		return wrong(service, "the vault does not show itself: %s",
			     service->machine.n_replies ?
				     service->machine.replies[0]->message :
				     "no reply");
	}
	for (i = 0; i < service->n_may; i++)
		if (seen_equal(&is, &service->may[i]))
			break;
	if (i == service->n_may) {
		seen_differ(where, sizeof(where), &is, &service->may[0]);
		return wrong(service, "neither old nor new: %s", where);
	}
	if (service->n_may > 1)
		service->tallies[i ? SERVICE_NEW : SERVICE_OLD]++;
	tell(service, "state %zu of %zu", i, service->n_may);
	service->may[0] = is;
	service->n_may = 1;
	return true;
}

static bool faulty(const struct service *service)
{
	enum fault fault = service->machine.platter->plan.fault;

	return fault != FAULT_NONE && fault != FAULT_SLOW;
}

/* It ended by itself: only a disk that failed is a reason. */
static bool explain(struct service *service, enum service_tally tally)
{
	struct machine *machine = &service->machine;

	if (machine->platter->dead)
		return true;
	tell(service, "ended: %s", machine->last_words);
	if (!faulty(service) || machine->platter->hits == 0 ||
	    !machine->last_words[0])
		return wrong(service, "it ended: %s", machine->last_words);
	service->tallies[tally]++;
	return true;
}

/* True: it runs, or the platter is dead. */
static bool start(struct service *service)
{
	struct machine *machine = &service->machine;

	while (!machine->up && !machine->platter->dead) {
		if (!machine_start(machine)) {
			if (!explain(service, SERVICE_UNSTARTED))
				return false;
		} else if (!settle(service)) {
			return false;
		} else if (!machine->up && !explain(service, SERVICE_ENDED)) {
			return false;
		}
		/* A disk that stays broken is met twice. */
		if (!machine->up && draw_chance(&service->draw, 4))
			machine->platter->plan = (struct plan){ 0 };
	}
	return true;
}

/* --- deeds ------------------------------------------------------------------ */

static enum deed draw_deed(struct service *service)
{
	enum deed deed;

	if (!service->may[0].made)
		return DEED_INIT;
	do {
		deed = (enum deed)draw_below(&service->draw, DEEDS);
	} while (!deed_fits(deed, &service->may[0]));
	return deed;
}

static bool act(struct service *service)
{
	struct machine *machine = &service->machine;
	struct seen next = service->may[0];
	enum deed deed = draw_deed(service);
	bool dead = machine->platter->dead;
	enum outcome outcome = deed_do(deed, machine, &next, &service->draw,
				       &service->version);

	tell(service, "%s: %d%s", deed_text(deed), outcome,
	     machine->up ? "" : ", down");
	switch (outcome) {
	case OUTCOME_DONE:
		if (dead)
			return wrong(service, "done after the power was cut");
		service->tallies[SERVICE_DEEDS]++;
		service->deeds[deed]++;
		service->may[0] = next;
		service->n_may = 1;
		break;
	case OUTCOME_DOWN:
		if (machine->up)
			return wrong(service, "%s: no answer", deed_text(deed));
		service->may[service->n_may++] = next;
		break;
	case OUTCOME_FAILED:
		return wrong(service, "%s: %s", deed_text(deed),
			     machine->replies[0]->message);
	default:
		return wrong(service, "%s: an answer that is not true",
			     deed_text(deed));
	}
	if (!machine->up && !explain(service, SERVICE_ENDED))
		return false;
	return start(service);
}

static bool rest(struct service *service)
{
	struct machine *machine = &service->machine;

	machine_later(machine, 6000);
	tell(service, "6 s later%s", machine->up ? "" : ", down");
	if (!machine->up && !explain(service, SERVICE_ENDED))
		return false;
	return start(service);
}

static bool stop(struct service *service)
{
	machine_stop(&service->machine);
	tell(service, "stopped");
	if (!service->machine.platter->dead)
		service->tallies[SERVICE_STOPS]++;
	return start(service);
}

static bool step(struct service *service)
{
	uint32_t what = draw_below(&service->draw, 16);

	if (what == 0)
		return stop(service);
	if (what <= 2)
		return rest(service);
	return act(service);
}

/* --- a life ----------------------------------------------------------------- */

static void draw_plan(struct service *service)
{
	static const enum fault errors[] = {
		FAULT_NOSPACE,	FAULT_SHORT,	FAULT_EIO_WRITE,
		FAULT_EIO_SYNC, FAULT_EIO_META, FAULT_EIO_FOLDER,
		FAULT_SLOW,
	};
	struct draw *draw = &service->draw;
	struct plan cut = { FAULT_CUT, 1, false }, plan = { 0 };

	if (draw_below(draw, 12) == 0)
		cut.fault = FAULT_KILL;
	cut.at += draw_below(draw, 60);
	if (draw_chance(draw, 2)) {
		plan.fault = errors[draw_below(draw, ARRAY_SIZE(errors))];
		plan.at = 1 + draw_below(draw, 12);
		plan.sticky = draw_chance(draw, 2);
	}
	platter_plan(service->machine.platter, cut, plan);
	tell(service, "%s at %u; fault %d at %u%s",
	     cut.fault == FAULT_CUT ? "cut" : "kill", cut.at, plan.fault,
	     plan.at, plan.sticky ? " and for ever" : "");
}

static bool one_life(struct service *service)
{
	struct platter *platter = service->machine.platter;
	bool told = service->machine.snapshots > 0;

	draw_plan(service);
	if (!start(service))
		return false;
	if (service->machine.up && !look_at_snapshots(service, told))
		return false;
	for (int i = 0; i < STEPS_MAX && !platter->dead; i++)
		if (!step(service))
			return false;
	if (!platter->dead)
		return wrong(service, "the plan was not carried out");
	machine_drop(&service->machine);
	if (platter->cut.fault == FAULT_CUT) {
		platter_power_up(platter);
		service->tallies[SERVICE_CUTS]++;
	} else {
		platter_go_on(platter);
		service->tallies[SERVICE_KILLS]++;
	}
	return true;
}

/* Somebody made the folder for snapshots, long ago. */
static void make_folder(struct service *service)
{
	int fd;

	REQUIRE(mkdir(service->machine.config.snapshot_dir, 0700) == 0);
	fd = open(service->machine.platter->root, O_RDONLY | O_CLOEXEC);
	REQUIRE(fd >= 0 && fsync(fd) == 0);
	close(fd);
}

bool service_run(struct service *service, uint64_t seed)
{
	struct platter *platter = service->machine.platter;

	service->seed = seed;
	service->draw = draw_stream(seed, 4);
	service->version = 0;
	service->wrong[0] = '\0';
	memset(service->may, 0, sizeof(service->may));
	service->n_may = 1;
	machine_begin(&service->machine, seed);
	service->machine.snapshots = 0;
	platter_begin(platter, seed);
	make_folder(service);
	for (service->number = 0; service->number < SERVICE_LIVES;
	     service->number++)
		if (!one_life(service)) {
			machine_drop(&service->machine);
			return false;
		}
	return true;
}

void service_init(struct service *service, struct platter *platter)
{
	struct config *config;

	memset(service, 0, sizeof(*service));
	machine_init(&service->machine, platter);
	config = &service->machine.config;
	snprintf(config->snapshot_dir, sizeof(config->snapshot_dir),
		 "%s/snapshots", platter->root);
	config->snapshot_keep = 2;
	config->snapshot_delay = 1;
	config->idle_lock = 0;
}

void service_deinit(struct service *service)
{
	machine_deinit(&service->machine);
}
