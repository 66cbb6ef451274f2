/* fob peer: addresses by hand. */
#include <string.h>

#include "client/account.h"
#include "client/address.h"
#include "client/ask.h"
#include "client/print.h"
#include "client/report.h"

static int send_peer(struct fob *fob, Fob__PeerAsk *peer,
		     struct answers *answers)
{
	Fob__Request request = FOB__REQUEST__INIT;

	request.peer = peer;
	return ask(fob, &request, answers);
}

static void as_json(struct json *json, const Fob__PeerInfo *p)
{
	json_object(json, NULL);
	json_hex(json, "id", account_bytes(p->id));
	json_text(json, "name", p->name);
	json_text(json, "address", p->address);
	json_bool(json, "connected", p->connected);
	json_bool(json, "in_sync", p->in_sync);
	json_time(json, "last_seen", p->last_seen);
	json_object_end(json);
}

static int print_peers(struct fob *fob, const struct answers *answers)
{
	struct json json AUTO_JSON = { 0 };
	size_t i, j;

	json_array(&json, NULL);
	for (i = 0; i < answers->n; i++) {
		const Fob__Reply *reply = answers->list[i].reply;

		for (j = 0; j < reply->n_peers; j++) {
			const Fob__PeerInfo *p = reply->peers[j];

			if (fob->json) {
				as_json(&json, p);
				continue;
			}
			print_text(stdout, p->name);
			putchar('\t');
			print_text(stdout, p->address);
			printf("\t%s\n", p->connected ? "connected" : "-");
		}
	}
	json_array_end(&json);
	return fob->json ? print_json(fob, &json) : print_done(fob);
}

static int list(struct fob *fob)
{
	static char op[] = "list";
	struct answers answers AUTO_ANSWERS = { 0 };
	Fob__PeerAsk peer;
	int r;

	fob__peer_ask__init(&peer);
	peer.op = op;
	r = send_peer(fob, &peer, &answers);
	return r == 0 ? print_peers(fob, &answers) : r;
}

static int done(struct fob *fob, const char *name)
{
	struct json json AUTO_JSON = { 0 };

	if (!fob->json)
		return STATUS_OK;
	json_object(&json, NULL);
	json_text(&json, "name", name);
	json_object_end(&json);
	return print_json(fob, &json);
}

static int add(struct fob *fob, char *name, const char *address)
{
	/* The first takes the place of those before. */
	static char first[] = "add", also[] = "also";
	struct addresses addresses = { .n = 0 };
	size_t i;
	int r = address_look_up(fob, address, &addresses);

	for (i = 0; r == 0 && i < addresses.n; i++) {
		struct answers answers AUTO_ANSWERS = { 0 };
		Fob__PeerAsk peer;

		fob__peer_ask__init(&peer);
		peer.op = i == 0 ? first : also;
		peer.name = name;
		peer.address = addresses.text[i];
		r = send_peer(fob, &peer, &answers);
	}
	return r == 0 ? done(fob, name) : r;
}

static int rm(struct fob *fob, char *name)
{
	static char op[] = "rm";
	struct answers answers AUTO_ANSWERS = { 0 };
	Fob__PeerAsk peer;
	int r;

	fob__peer_ask__init(&peer);
	peer.op = op;
	peer.name = name;
	r = send_peer(fob, &peer, &answers);
	return r == 0 ? done(fob, name) : r;
}

static int run_peer(struct fob *fob, char **argv)
{
	struct texts arguments;
	const char *op;

	if (!options_parse(fob, argv, NULL, 0, &arguments))
		return fob->status;
	op = arguments.n > 0 ? arguments.list[0] : "list";
	if (strcmp(op, "list") == 0 && arguments.n <= 1)
		return list(fob);
	if (strcmp(op, "add") == 0 && arguments.n == 3)
		return add(fob, arguments.list[1], arguments.list[2]);
	if (strcmp(op, "rm") == 0 && arguments.n == 2)
		return rm(fob, arguments.list[1]);
	return fail(fob, STATUS_USAGE, "add NAME HOST:PORT, rm NAME, or list");
}

const struct command cmd_peer = {
	.name = "peer",
	.brief = "addresses of other devices, by hand",
	.help = "Usage: fob peer add NAME HOST:PORT | rm NAME | list\n"
		"\n"
		"Tells the daemon where to look for another device. Devices\n"
		"also tell each other; this is for the first time, and for\n"
		"networks in which they do not find each other.\n"
		"\n"
		"Example:\n"
		"  $ fob peer add desk desk.lan:47362\n",
	.run = run_peer,
};
