/* What happened on this device, oldest first, with names where we know them. */
#include <string.h>

#include "daemon/core/account.h"
#include "daemon/core/logbook.h"

static const struct {
	const char *name, *text;
} whats[] = {
	[LOGBOOK_JOIN] = { "join", "came into the vault: " },
	[LOGBOOK_REVOKE] = { "revoke", "was revoked: " },
	[LOGBOOK_SUSPEND] = { "suspend", "was suspended: " },
	[LOGBOOK_LIFT] = { "lift", "is suspended no more: " },
	[LOGBOOK_KIT] = { "kit", "there is a new recovery kit" },
	[LOGBOOK_REVEAL] = { "reveal", "secrets were shown: " },
	[LOGBOOK_EXPORT] = { "export", "entries were exported: " },
	[LOGBOOK_FAILED] = { "failed-unlock", "wrong passphrases in a row: " },
	[LOGBOOK_QUARANTINE] = { "quarantine", "items do not count: " },
	[LOGBOOK_PURGE] = { "purge", "was purged: " },
};

static void say_id(const struct logbook_line *line, struct saying *ret)
{
	char hex[TEXT_HEX_SIZE(ID_SIZE)];

	text_hex_encode(hex, sizeof(hex),
			(struct bytes){ line->subject, line->n });
	saying_add(ret, hex);
}

static void say_device(const struct node *node, const struct logbook_line *line,
		       struct saying *ret)
{
	uint32_t author = set_author(&node->set, line->subject);
	const char *name = author == NONE ? "?" :
					    node_device_name(node, author);

	if (strcmp(name, "?") == 0)
		say_id(line, ret);
	else
		saying_add(ret, name);
	if (line->what == LOGBOOK_REVOKE && line->number)
		saying_add(ret, ", by the recovery key");
}

static void say_record(const struct node *node, const struct logbook_line *line,
		       struct saying *ret)
{
	for (uint32_t i = 0; i < node->vault.n; i++)
		if (!memcmp(node->vault.entries[i].id, line->subject,
			    RECORD_ID_SIZE)) {
			saying_name(ret, &node->vault.entries[i]);
			return;
		}
	say_id(line, ret);
}

static void say_line(const struct node *node, const struct logbook_line *line,
		     struct saying *ret)
{
	ret->n = 0;
	saying_add(ret, whats[line->what].text);
	switch (line->what) {
	case LOGBOOK_JOIN:
	case LOGBOOK_REVOKE:
	case LOGBOOK_SUSPEND:
	case LOGBOOK_LIFT:
		say_device(node, line, ret);
		return;
	case LOGBOOK_REVEAL:
	case LOGBOOK_PURGE:
		say_record(node, line, ret);
		return;
	case LOGBOOK_EXPORT:
	case LOGBOOK_FAILED:
	case LOGBOOK_QUARANTINE:
		saying_number(ret, line->number);
		return;
	default:
		return;
	}
}

int ask_log(struct step *step, struct call *call)
{
	const struct node *node = step->node;
	const struct logbook *book = &node->logbook;
	uint32_t seq = book->next > LOGBOOK_MAX ? book->next - LOGBOOK_MAX : 1;
	int r = 0;

	for (; book->lines && seq < book->next && r == 0; seq++) {
		const struct logbook_line *line =
			&book->lines[seq % LOGBOOK_MAX];
		Fob__Reply reply = FOB__REPLY__INIT;
		Fob__LogLine told = FOB__LOG_LINE__INIT, *list[] = { &told };
		struct saying text;

		if (line->seq != seq || line->time < call->request->log->since)
			continue;
		say_line(node, line, &text);
		told.time = line->time;
		told.what = (char *)(uintptr_t)whats[line->what].name;
		told.text = text.text;
		reply.more = true;
		reply.log = list;
		reply.n_log = 1;
		r = call_reply(step, call, &reply);
	}
	return r < 0 ? r : call_ok(step, call);
}
