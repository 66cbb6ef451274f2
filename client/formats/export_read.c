/* The entries that fob sends to be written, framed NewEntry messages. */
#include <errno.h>
#include <stdlib.h>

#include "client/formats/export.h"
#include "proto/frame.h"
#include "proto/secret.h"

static int read_one(struct export *export, uint64_t position,
		    struct bytes message)
{
	struct budget budget;
	Fob__NewEntry *entry;
	int r;

	budget_init(&budget, false);
	entry = fob__new_entry__unpack(&budget.allocator, message.n, message.p);
	r = budget_error(&budget, IMPORT_ERR_FILE);
	if (entry) {
		r = export_message(export, position, entry);
		fob__new_entry__free_unpacked(entry, &budget.allocator);
	}
	budget_deinit(&budget);
	return r;
}

int export_read(struct export *export, struct bytes input)
{
	uint64_t position = 0;
	struct bytes message;
	struct frame frame;
	int r = 0;

	frame_init(&frame, FRAME_MAX);
	while (r == 0 && input.n > 0) {
		r = frame_take(&frame, &input, &message);
		if (r == FRAME_ERR_MORE)
			break;
		r = r == 0 ? read_one(export, ++position, message) : r;
	}
	if (r > 0 || frame_partial(&frame))
		r = IMPORT_ERR_FILE;
	frame_deinit(&frame);
	return r;
}
