/* fob sync and fob events: what goes on between the devices. */
#include <stdlib.h>
#include <string.h>

#include "client/account.h"
#include "client/ask.h"
#include "client/print.h"
#include "client/report.h"
#include "proto/text.h"

static int print_sync(struct fob *fob, const Fob__Reply *reply)
{
	struct json json AUTO_JSON = { 0 };
	size_t i;

	if (!fob->json) {
		if (reply->message[0])
			note(fob, "%s", reply->message);
		return STATUS_OK;
	}
	json_object(&json, NULL);
	json_array(&json, "peers");
	for (i = 0; i < reply->n_peers; i++) {
		const Fob__PeerInfo *p = reply->peers[i];

		json_object(&json, NULL);
		json_hex(&json, "id", account_bytes(p->id));
		json_text(&json, "name", p->name);
		json_bool(&json, "connected", p->connected);
		json_bool(&json, "in_sync", p->in_sync);
		json_object_end(&json);
	}
	json_array_end(&json);
	json_object_end(&json);
	return print_json(fob, &json);
}

static int run_sync(struct fob *fob, char **argv)
{
	struct answers answers AUTO_ANSWERS = { 0 };
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__SyncAsk sync = FOB__SYNC_ASK__INIT;
	uint32_t timeout = command_timeout(fob, COMMAND_TIMEOUT);
	bool wait = false;
	const struct option table[] = {
		{ "wait", 0, OPTION_FLAG, &wait },
	};
	struct texts arguments;
	int r;

	if (!options_parse(fob, argv, table, ARRAY_SIZE(table), &arguments) ||
	    !options_exactly(fob, &arguments, 0, ""))
		return fob->status;
	timeout = command_timeout(fob, COMMAND_TIMEOUT);
	sync.wait = wait;
	sync.timeout_ms = timeout;
	request.sync = &sync;
	/* The daemon keeps the time, and we leave it time to say so. */
	r = ask_within(fob, &request, timeout + 2000, &answers);
	return r == 0 ? print_sync(fob, answers.list[0].reply) : r;
}

const struct command cmd_sync = {
	.name = "sync",
	.brief = "compare with the other devices now",
	.help = "Usage: fob sync [--wait]\n"
		"\n"
		"Devices keep in sync by themselves; this makes them compare\n"
		"now.\n"
		"\n"
		"  --wait   return when this device and every connected one,\n"
		"           at least one, hold the same; exit 8 after --timeout\n"
		"\n"
		"Example:\n"
		"  $ fob sync --wait && fob code github\n",
	.run = run_sync,
};

static int print_event(struct fob *fob, const Fob__EventInfo *event)
{
	struct json json AUTO_JSON = { 0 };

	json_object(&json, NULL);
	json_text(&json, "event", event->type);
	json_time(&json, "time", event->time);
	json_hex(&json, "subject", account_bytes(event->subject));
	json_text(&json, "text", event->text);
	json_object_end(&json);
	return print_json(fob, &json);
}

static int run_events(struct fob *fob, char **argv)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__EventsAsk events = FOB__EVENTS_ASK__INIT;
	struct asking asking;
	struct texts arguments;
	int r;

	if (!options_parse(fob, argv, NULL, 0, &arguments) ||
	    !options_exactly(fob, &arguments, 0, ""))
		return fob->status;
	request.events = &events;
	r = ask_begin(&asking, fob, &request);
	asking.timeout_ms = DAEMON_FOREVER;
	while (r == 0) {
		struct answer answer AUTO_ANSWER = { 0 };

		r = ask_next(&asking, &answer);
		if (r != 0)
			return r;
		if (answer.reply->status != STATUS_OK)
			return ask_failed(fob, answer.reply);
		if (answer.reply->event)
			r = print_event(fob, answer.reply->event);
		if (!answer.reply->more)
			return r;
	}
	return r;
}

const struct command cmd_events = {
	.name = "events",
	.brief = "what happens, as it happens",
	.help = "Usage: fob events\n"
		"\n"
		"Prints a line of JSON for each event: entry, device, sync,\n"
		"lock, alarm. While the vault is locked they carry ids only.\n"
		"It does not keep the vault unlocked.\n"
		"\n"
		"Example:\n"
		"  $ fob events | jq -r 'select(.event == \"alarm\").text'\n",
	.run = run_events,
};
