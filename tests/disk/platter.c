#include "tests/disk/platter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/disk/alloc.h"

struct platter *platter_used;

/* --- folders ---------------------------------------------------------------- */

static struct name *find(struct folder *folder, const char *name)
{
	for (size_t i = 0; i < folder->n; i++)
		if (strcmp(folder->names[i].text, name) == 0)
			return &folder->names[i];
	return NULL;
}

struct inode *folder_find(const struct folder *folder, const char *name)
{
	for (size_t i = 0; i < folder->n; i++)
		if (strcmp(folder->names[i].text, name) == 0)
			return folder->names[i].inode;
	return NULL;
}

static void take_out(struct folder *folder, const char *name)
{
	struct name *entry = find(folder, name);

	if (entry)
		*entry = folder->names[--folder->n];
}

static void put_in(struct folder *folder, const char *name, struct inode *inode)
{
	struct name *entry = find(folder, name);

	if (!entry) {
		REQUIRE(folder->n < ARRAY_SIZE(folder->names));
		entry = &folder->names[folder->n++];
		snprintf(entry->text, sizeof(entry->text), "%s", name);
	}
	entry->inode = inode;
}

/* Of changes that are lost, those that follow may have no object. */
static void apply(struct folder *folder, const struct change *change)
{
	switch (change->what) {
	case CHANGE_ADD:
		put_in(folder, change->text, change->inode);
		break;
	case CHANGE_REMOVE:
		take_out(folder, change->text);
		break;
	case CHANGE_RENAME:
		if (folder_find(folder, change->text) == change->inode) {
			take_out(folder, change->text);
			put_in(folder, change->to, change->inode);
		}
		break;
	}
}

void inode_change(struct inode *folder, struct change change)
{
	/* So many without a flush: the system writes the oldest by itself. */
	if (folder->n_changes == ARRAY_SIZE(folder->changes)) {
		apply(&folder->durable, &folder->changes[0]);
		folder->n_changes--;
		memmove(folder->changes, folder->changes + 1,
			folder->n_changes * sizeof(folder->changes[0]));
	}
	folder->changes[folder->n_changes++] = change;
	apply(&folder->now, &change);
}

/* --- files ------------------------------------------------------------------ */

struct inode *inode_new(struct platter *platter, bool is_folder)
{
	struct inode *inode;

	alloc_hold();
	inode = calloc(1, sizeof(*inode));
	alloc_go_on();
	REQUIRE(inode);
	inode->is_folder = is_folder;
	inode->number = platter->next_number++;
	inode->next = platter->inodes;
	platter->inodes = inode;
	return inode;
}

static void forget_waits(struct inode *inode)
{
	for (size_t i = 0; i < inode->n_waits; i++)
		free(inode->waits[i].data);
	inode->n_waits = 0;
}

/* Where a file's content is, whatever its name. */
static void backing(char ret[PLATTER_PATH + 16], const struct platter *platter,
		    const struct inode *inode)
{
	snprintf(ret, PLATTER_PATH + 16, "%s.%u", platter->root, inode->number);
}

void inode_keep(const struct platter *platter, const struct inode *inode,
		int dir, const char *path)
{
	char place[PLATTER_PATH + 16];

	backing(place, platter, inode);
	REQUIRE(syscall(SYS_linkat, dir, path, AT_FDCWD, place, 0) == 0);
}

static void inode_free(struct inode *inode)
{
	forget_waits(inode);
	free(inode->waits);
	free(inode->synced);
	free(inode);
}

void inode_wait(struct inode *inode, uint64_t offset, const void *data,
		size_t n)
{
	struct unsynced *wait;

	alloc_hold();
	if (inode->n_waits == inode->cap_waits) {
		inode->cap_waits = 2 * inode->cap_waits + 16;
		inode->waits =
			realloc(inode->waits, inode->cap_waits * sizeof(*wait));
		REQUIRE(inode->waits);
	}
	wait = &inode->waits[inode->n_waits++];
	*wait = (struct unsynced){ .offset = offset, .len = n };
	wait->data = malloc(n + 1);
	alloc_go_on();
	REQUIRE(wait->data);
	if (n > 0)
		memcpy(wait->data, data, n);
}

static void resize(struct inode *inode, size_t n, int fill)
{
	if (n > inode->cap) {
		inode->cap = n + n / 2;
		alloc_hold();
		inode->synced = realloc(inode->synced, inode->cap);
		alloc_go_on();
		REQUIRE(inode->synced);
	}
	if (n > inode->n_synced)
		memset(inode->synced + inode->n_synced, fill,
		       n - inode->n_synced);
	inode->n_synced = n;
}

static void settle(struct inode *inode, const struct unsynced *wait)
{
	size_t end = wait->offset + wait->len;

	if (wait->len == 0) {
		resize(inode, wait->offset, 0);
		return;
	}
	if (end > inode->n_synced)
		resize(inode, end, 0);
	memcpy(inode->synced + wait->offset, wait->data, wait->len);
}

void inode_sync(struct inode *inode)
{
	for (size_t i = 0; i < inode->n_waits; i++)
		settle(inode, &inode->waits[i]);
	forget_waits(inode);
	if (!inode->is_folder)
		return;
	inode->durable = inode->now;
	inode->n_changes = 0;
}

void inode_sync_last(struct inode *inode)
{
	struct unsynced *last = &inode->waits[--inode->n_waits];

	settle(inode, last);
	free(last->data);
}

/* --- what a cut leaves ------------------------------------------------------ */

static void keep_sectors(struct platter *p, struct inode *inode,
			 const struct unsynced *wait, uint32_t eighths)
{
	size_t done = 0;

	while (done < wait->len) {
		size_t at = wait->offset + done;
		size_t n = size_min(SECTOR - at % SECTOR, wait->len - done);

		if (draw_chance(&p->draw, eighths)) {
			/* What lies between was never written: old bytes. */
			if (at + n > inode->n_synced)
				resize(inode, at + n,
				       draw_chance(&p->draw, 4) ? 0 : 0xa5);
			memcpy(inode->synced + at, wait->data + done, n);
			p->kept++;
		} else {
			p->lost++;
		}
		done += n;
	}
}

static size_t size_of(const struct inode *inode)
{
	size_t size = inode->n_synced;

	for (size_t i = 0; i < inode->n_waits; i++) {
		const struct unsynced *wait = &inode->waits[i];

		if (wait->len == 0)
			size = wait->offset;
		else
			size = size_max(size, wait->offset + wait->len);
	}
	return size;
}

/* None, all, or some of what waits; and a size that is old, new or between. */
void inode_lose(struct platter *p, struct inode *inode)
{
	static const uint32_t modes[] = { 0, 8, 4, 7, 1 };
	size_t before = inode->n_synced, after = size_of(inode);
	uint32_t eighths, sizing;
	uint64_t kept = p->kept, lost = p->lost;

	if (inode->n_waits == 0)
		return;
	eighths = modes[draw_below(&p->draw, ARRAY_SIZE(modes))];
	sizing = draw_below(&p->draw, 4);
	for (size_t i = 0; i < inode->n_waits; i++) {
		if (inode->waits[i].len)
			keep_sectors(p, inode, &inode->waits[i], eighths);
		else if (draw_chance(&p->draw, eighths))
			settle(inode, &inode->waits[i]);
	}
	forget_waits(inode);
	if (p->kept > kept && p->lost > lost)
		p->torn++;
	if (sizing == 0 && before < inode->n_synced)
		resize(inode, before, 0);
	else if (sizing == 1 && after > inode->n_synced)
		resize(inode, after, draw_chance(&p->draw, 4) ? 0 : 0xa5);
}

/* Journals keep the order of changes; others may lose any of them. */
static void lose_names(struct platter *p, struct inode *folder)
{
	bool in_order = draw_chance(&p->draw, 4);
	uint32_t first = draw_below(&p->draw, (uint32_t)folder->n_changes + 1);

	for (size_t i = 0; i < folder->n_changes; i++)
		if (p->keep_names ||
		    (in_order ? i < first : draw_chance(&p->draw, 4)))
			apply(&folder->durable, &folder->changes[i]);
	folder->n_changes = 0;
	folder->now = folder->durable;
}

/* --- the folder of tmpfs ---------------------------------------------------- */

static void path_of(char ret[PLATTER_PATH], const char *dir, const char *name)
{
	int n = snprintf(ret, PLATTER_PATH, "%s/%s", dir, name);

	REQUIRE(n > 0 && n < PLATTER_PATH);
}

/* The system's calls, past those that the test defines. */
static void clear(const char *dir, const struct folder *folder)
{
	char path[PLATTER_PATH];

	for (size_t i = 0; i < folder->n; i++) {
		const struct inode *inode = folder->names[i].inode;

		path_of(path, dir, folder->names[i].text);
		if (inode->is_folder)
			clear(path, &inode->now);
		REQUIRE(syscall(SYS_unlinkat, AT_FDCWD, path,
				inode->is_folder ? AT_REMOVEDIR : 0) == 0);
	}
}

static void build(const struct platter *platter, const char *dir,
		  const struct folder *folder)
{
	char path[PLATTER_PATH], place[PLATTER_PATH + 16];

	for (size_t i = 0; i < folder->n; i++) {
		struct inode *inode = folder->names[i].inode;

		path_of(path, dir, folder->names[i].text);
		if (!inode->is_folder) {
			backing(place, platter, inode);
			REQUIRE(syscall(SYS_linkat, AT_FDCWD, place, AT_FDCWD,
					path, 0) == 0);
			continue;
		}
		REQUIRE(syscall(SYS_mkdirat, AT_FDCWD, path, 0700) == 0);
		build(platter, path, &inode->now);
	}
}

static void rewrite(int fd, const struct inode *inode, size_t from, size_t to)
{
	to = size_min(to, inode->n_synced);
	if (from < to)
		REQUIRE(syscall(SYS_pwrite64, fd, inode->synced + from,
				to - from, (off_t)from) == (long)(to - from));
}

/* The cache becomes what the disk has, after all of it or where it waits. */
static void reread(struct platter *platter, struct inode *inode)
{
	char place[PLATTER_PATH + 16];
	size_t durable = inode->n_synced;

	if (inode->n_waits == 0 && !inode->strange)
		return;
	/* The sectors are drawn anew by inode_lose(); where is known before. */
	size_t n = inode->n_waits;
	struct {
		size_t from, to;
	} *spans = calloc(n + 1, sizeof(*spans));
	REQUIRE(spans);
	for (size_t i = 0; i < n; i++) {
		spans[i].from = inode->waits[i].offset;
		spans[i].to = spans[i].from + inode->waits[i].len;
	}
	inode_lose(platter, inode);
	backing(place, platter, inode);
	int fd = (int)syscall(SYS_openat, AT_FDCWD, place,
			      O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	REQUIRE(fd >= 0);
	for (size_t i = 0; i < n && !inode->strange; i++)
		rewrite(fd, inode, spans[i].from, spans[i].to);
	/* What lies beyond the old end may be anything. */
	rewrite(fd, inode, inode->strange ? 0 : durable, inode->n_synced);
	REQUIRE(syscall(SYS_ftruncate, fd, inode->n_synced) == 0);
	syscall(SYS_close, fd);
	inode->strange = false;
	free(spans);
}

/* --- all of it -------------------------------------------------------------- */

static void mark(struct inode *inode)
{
	inode->seen = true;
	for (size_t i = 0; i < inode->now.n; i++)
		mark(inode->now.names[i].inode);
	for (size_t i = 0; i < inode->durable.n; i++)
		mark(inode->durable.names[i].inode);
}

static void drop_file(const struct platter *platter, const struct inode *inode)
{
	char place[PLATTER_PATH + 16];

	if (inode->is_folder)
		return;
	backing(place, platter, inode);
	syscall(SYS_unlinkat, AT_FDCWD, place, 0);
}

static void sweep(struct platter *platter)
{
	struct inode **at = &platter->inodes;

	for (struct inode *i = platter->inodes; i; i = i->next)
		i->seen = false;
	if (platter->top)
		mark(platter->top);
	while (*at) {
		struct inode *inode = *at;

		if (inode->seen) {
			at = &inode->next;
		} else {
			*at = inode->next;
			drop_file(platter, inode);
			inode_free(inode);
		}
	}
}

void platter_init(struct platter *platter, const char *root)
{
	memset(platter, 0, sizeof(*platter));
	snprintf(platter->root, sizeof(platter->root), "%s", root);
	REQUIRE(syscall(SYS_mkdirat, AT_FDCWD, root, 0700) == 0);
	platter->top = inode_new(platter, true);
	platter_used = platter;
}

static void empty(struct platter *platter)
{
	REQUIRE(platter->open == 0);
	clear(platter->root, &platter->top->now);
	platter->top = NULL;
	sweep(platter);
}

void platter_deinit(struct platter *platter)
{
	empty(platter);
	REQUIRE(syscall(SYS_unlinkat, AT_FDCWD, platter->root, AT_REMOVEDIR) ==
		0);
	platter_used = NULL;
}

void platter_begin(struct platter *platter, uint64_t seed)
{
	empty(platter);
	platter->next_number = 0;
	platter->top = inode_new(platter, true);
	platter->draw = draw_stream(seed, 1);
	platter->digest = seed;
	platter->slow_ms = 0;
	platter_plan(platter, (struct plan){ 0 }, (struct plan){ 0 });
}

void platter_plan(struct platter *platter, struct plan cut, struct plan plan)
{
	platter->cut = cut;
	platter->plan = plan;
	platter->ops = platter->hits = 0;
	platter->dead = false;
}

void platter_go_on(struct platter *platter)
{
	REQUIRE(platter->open == 0);
	platter_plan(platter, (struct plan){ 0 }, (struct plan){ 0 });
}

void platter_power_up(struct platter *platter)
{
	bool names = false;

	platter_go_on(platter);
	for (struct inode *i = platter->inodes; i; i = i->next)
		names |= i->n_changes > 0;
	if (names)
		clear(platter->root, &platter->top->now);
	for (struct inode *i = platter->inodes; i; i = i->next) {
		if (i->is_folder)
			lose_names(platter, i);
		else
			reread(platter, i);
	}
	if (!names)
		return;
	sweep(platter);
	build(platter, platter->root, &platter->top->now);
}

/* --- images ----------------------------------------------------------------- */

/* platter: whose list it joins, or NULL. */
static struct inode *copy(const struct inode *from, struct platter *platter)
{
	struct inode *to;

	if (platter) {
		to = inode_new(platter, from->is_folder);
	} else {
		to = calloc(1, sizeof(*to));
		REQUIRE(to);
		to->is_folder = from->is_folder;
	}
	if (from->n_synced > 0) {
		resize(to, from->n_synced, 0);
		memcpy(to->synced, from->synced, from->n_synced);
	}
	to->durable = from->durable;
	for (size_t i = 0; i < to->durable.n; i++)
		to->durable.names[i].inode =
			copy(from->durable.names[i].inode, platter);
	to->now = to->durable;
	if (platter && !to->is_folder) {
		to->strange = true;
		reread(platter, to);
	}
	return to;
}

struct inode *platter_copy(const struct platter *platter)
{
	return copy(platter->top, NULL);
}

void platter_restore(struct platter *platter, const struct inode *image)
{
	platter_go_on(platter);
	empty(platter);
	platter->top = copy(image, platter);
	build(platter, platter->root, &platter->top->now);
}

void platter_drop(struct inode *image)
{
	if (!image)
		return;
	for (size_t i = 0; i < image->durable.n; i++)
		platter_drop(image->durable.names[i].inode);
	inode_free(image);
}
