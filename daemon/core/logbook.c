#include "daemon/core/logbook.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/state.h"

void logbook_deinit(struct logbook *book)
{
	free(book->lines);
	*book = (struct logbook){ 0 };
}

static int logbook_reserve(struct logbook *book)
{
	if (!book->lines)
		book->lines = calloc(LOGBOOK_MAX, sizeof(*book->lines));
	if (!book->next)
		book->next = 1;
	return book->lines ? 0 : -ENOMEM;
}

static void put_number(uint8_t *to, uint64_t value, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = (uint8_t)(value >> (8 * (n - 1 - i)));
}

static uint64_t get_number(const uint8_t *from, size_t n)
{
	uint64_t value = 0;

	for (size_t i = 0; i < n; i++)
		value = value << 8 | from[i];
	return value;
}

/* seq, 4 || time, 8 || number, 8 || what, n, 1 each || subject, 32 || 0, 4 */
static void row_make(uint8_t ret[static LOGBOOK_ROW],
		     const struct logbook_line *line)
{
	memset(ret, 0, LOGBOOK_ROW);
	put_number(ret, line->seq, 4);
	put_number(ret + 4, line->time, 8);
	put_number(ret + 12, line->number, 8);
	ret[20] = line->what;
	ret[21] = line->n;
	memcpy(ret + 22, line->subject, ID_SIZE);
}

int logbook_row(struct logbook *book, struct bytes row)
{
	struct logbook_line line = { 0 };

	if (row.n != LOGBOOK_ROW)
		return 0;
	line.seq = (uint32_t)get_number(row.p, 4);
	line.time = get_number(row.p + 4, 8);
	line.number = get_number(row.p + 12, 8);
	line.what = row.p[20];
	line.n = row.p[21];
	memcpy(line.subject, row.p + 22, ID_SIZE);
	if (!line.seq || !line.what || line.what > LOGBOOK_WHAT_MAX ||
	    line.n > ID_SIZE)
		return 0;
	if (logbook_reserve(book) < 0)
		return -ENOMEM;
	book->lines[line.seq % LOGBOOK_MAX] = line;
	if (line.seq >= book->next)
		book->next = line.seq + 1;
	return 0;
}

int logbook_add(struct step *step, enum logbook_what what, struct bytes subject,
		uint64_t number)
{
	struct node *node = step->node;
	struct logbook *book = &node->logbook;
	struct logbook_line line = { .what = (uint8_t)what, .number = number };
	uint8_t row[LOGBOOK_ROW];
	char key[] = "log/0000";
	uint32_t place;

	REQUIRE(subject.n <= ID_SIZE);
	if (logbook_reserve(book) < 0)
		return -ENOMEM;
	line.seq = book->next++;
	line.time = node->wall > 0 ? (uint64_t)node->wall : 0;
	line.n = (uint8_t)subject.n;
	if (subject.n)
		memcpy(line.subject, subject.p, subject.n);
	place = line.seq % LOGBOOK_MAX;
	book->lines[place] = line;
	for (size_t i = 0; i < 4; i++, place /= 10)
		key[7 - i] = (char)('0' + place % 10);
	row_make(row, &line);
	step_put_local(step, key, BYTES(row));
	return 0;
}

/* --- what is worth a line -------------------------------------------------- */

int logbook_member(struct step *step, uint32_t index)
{
	struct node *node = step->node;
	const struct item *item = set_head(&node->set, index);
	bool kit = node->set.items[index].author == NONE;
	uint8_t id[DEVICE_ID_SIZE];
	uint32_t suspend;

	if (!item)
		return 0;
	switch (item->head->kind) {
	case FOB__KIND__ADD:
		item_device_id(id, item->head->add->device);
		return logbook_add(step, LOGBOOK_JOIN, BYTES(id), 0);
	case FOB__KIND__REVOKE:
		return logbook_add(
			step, LOGBOOK_REVOKE,
			(struct bytes){ item->head->revoke->target.data,
					item->head->revoke->target.len },
			kit);
	case FOB__KIND__SUSPEND:
		return logbook_add(
			step, LOGBOOK_SUSPEND,
			(struct bytes){ item->head->suspend->target.data,
					item->head->suspend->target.len },
			0);
	case FOB__KIND__LIFT:
		suspend = set_find(&node->set, item->head->lift->suspend.data);
		item = suspend == NONE ? NULL : set_head(&node->set, suspend);
		if (!item || item->head->kind != FOB__KIND__SUSPEND)
			return 0;
		return logbook_add(
			step, LOGBOOK_LIFT,
			(struct bytes){ item->head->suspend->target.data,
					item->head->suspend->target.len },
			0);
	case FOB__KIND__RECOVERY:
		return logbook_add(step, LOGBOOK_KIT, (struct bytes){ NULL, 0 },
				   0);
	default:
		return 0;
	}
}

int logbook_aside(struct step *step)
{
	struct node *node = step->node;
	uint64_t aside = node->set.n_held, before = node->logbook.aside;

	for (unsigned i = 0; i < CLASS_MAX; i++)
		aside -= node->set.n_carried[i];
	node->logbook.aside = aside;
	/* At the start all of it is old. */
	if (!node->started || node->state == NODE_EMPTY ||
	    node->state == NODE_RECOVERING || aside <= before)
		return 0;
	return logbook_add(step, LOGBOOK_QUARANTINE, (struct bytes){ NULL, 0 },
			   aside - before);
}
