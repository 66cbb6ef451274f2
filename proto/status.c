#include "proto/status.h"

struct row {
	const char *code;
	const char *text;
};

static const struct row rows[STATUS_COUNT] = {
	[STATUS_OK] = { "ok", "done" },
	[STATUS_FAILED] = { "failed", "failed" },
	[STATUS_USAGE] = { "usage", "wrong usage" },
	[STATUS_NOT_FOUND] = { "not-found", "nothing matches" },
	[STATUS_AMBIGUOUS] = { "ambiguous", "several match" },
	[STATUS_LOCKED] = { "locked", "the vault is locked" },
	[STATUS_NO_DAEMON] = { "no-daemon", "no daemon at the socket" },
	[STATUS_REFUSED] = { "refused", "refused" },
	[STATUS_TIMEOUT] = { "timeout", "not in time" },
	[STATUS_CONFLICT] = { "conflict", "conflict to settle first" },
	[STATUS_ATTENTION] = { "attention", "something needs attention" },
};

static const struct row *find(unsigned int status)
{
	return &rows[status < STATUS_COUNT ? status : STATUS_FAILED];
}

const char *status_code(unsigned int status)
{
	return find(status)->code;
}

const char *status_text(unsigned int status)
{
	return find(status)->text;
}
