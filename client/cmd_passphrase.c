/* fob passphrase: what opens this device. */
#include <string.h>

#include "client/ask.h"
#include "client/passphrase.h"
#include "client/print.h"
#include "client/renew.h"
#include "client/report.h"
#include "client/security_key.h"
#include "proto/text.h"

struct slot_options {
	char *add_key_file, *remove, *new_file, *label;
	bool add_fido2, list, reset, kit;
};

static int as_json(struct fob *fob, const Fob__Reply *reply)
{
	struct json json AUTO_JSON = { 0 };
	size_t i;

	json_array(&json, NULL);
	for (i = 0; i < reply->n_slots; i++) {
		const Fob__Slot *slot = reply->slots[i];

		json_object(&json, NULL);
		json_text(&json, "slot", slot->name);
		json_text(&json, "type", slot->type);
		json_text(&json, "label", slot->label);
		json_time(&json, "created", slot->created);
		json_number(&json, "passes", slot->passes);
		json_number(&json, "memory", slot->memory);
		json_object_end(&json);
	}
	json_array_end(&json);
	return print_json(fob, &json);
}

static int print_slots(struct fob *fob, const Fob__Reply *reply)
{
	char time[TEXT_TIME_SIZE];
	size_t i;

	if (fob->json)
		return as_json(fob, reply);
	for (i = 0; i < reply->n_slots; i++) {
		const Fob__Slot *slot = reply->slots[i];

		print_text(stdout, slot->name);
		putchar('\t');
		print_text(stdout, slot->type);
		text_time(time, slot->created);
		printf("\t%s\t", slot->created ? time : "-");
		print_text(stdout, slot->label);
		putchar('\n');
	}
	return print_done(fob);
}

static int send_slots(struct fob *fob, Fob__SlotsAsk *slots)
{
	struct answers answers AUTO_ANSWERS = { 0 };
	Fob__Request request = FOB__REQUEST__INIT;
	const Fob__Reply *reply;
	int r;

	request.slots = slots;
	r = ask(fob, &request, &answers);
	if (r != 0)
		return r;
	reply = answers.list[0].reply;
	if (slots->list || fob->json)
		return print_slots(fob, reply);
	if (reply->message[0])
		note(fob, "%s", reply->message);
	return STATUS_OK;
}

static int add_key_file(struct fob *fob, const struct slot_options *o,
			Fob__SlotsAsk *slots)
{
	struct key_file *key AUTO_KEY_FILE = NULL;
	int r = key_file_read(fob, o->add_key_file, &key);

	if (r != 0)
		return r;
	slots->add_key_file.data = key->bytes;
	slots->add_key_file.len = key->n;
	return send_slots(fob, slots);
}

/*
 * It is asked first whether a slot may be added, so that a person does not
 * touch the key, and leave a credential in it, in vain.
 */
static int add_fido2(struct fob *fob, Fob__SlotsAsk *slots)
{
	struct answers present AUTO_ANSWERS = { 0 };
	struct key_done done AUTO_KEY_DONE = { 0 };
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__SlotsAsk list = FOB__SLOTS_ASK__INIT;
	Fob__Fido2 none = FOB__FIDO2__INIT;
	int r;

	slots->add_fido2 = &none;
	request.slots = slots;
	r = ask_plain(fob, &request);
	list.list = true;
	request.slots = &list;
	if (r == 0)
		r = ask(fob, &request, &present);
	if (r == 0)
		r = security_key_make(fob, present.list[0].reply, &done);
	if (r != 0)
		return r;
	slots->add_fido2 = done.message->made;
	return send_slots(fob, slots);
}

/*
 * The present one is asked for first, by way of a request that needs it, so
 * that a person is not asked for two new ones in vain.
 */
static int change(struct fob *fob, const struct slot_options *o,
		  Fob__SlotsAsk *slots)
{
	struct passphrase *fresh AUTO_PASSPHRASE = NULL;
	int r = 0;

	if (!fob->key_file && !fob->fido2)
		r = passphrase_get(fob, "Present passphrase: ");
	if (r == 0 && !o->new_file && !passphrase_typed(fob))
		r = fail(fob, STATUS_USAGE,
			 "give the new one with --new-passphrase-file FILE");
	if (r == 0)
		r = passphrase_new(fob, o->new_file, false, &fresh);
	if (r != 0)
		return r;
	slots->set_passphrase.data = fresh->bytes;
	slots->set_passphrase.len = fresh->n;
	return send_slots(fob, slots);
}

static int run_passphrase(struct fob *fob, char **argv)
{
	struct slot_options o = { 0 };
	Fob__SlotsAsk slots;
	const struct option table[] = {
		{ "add-key-file", 0, OPTION_TEXT, &o.add_key_file },
		{ "add-fido2", 0, OPTION_FLAG, &o.add_fido2 },
		{ "remove", 0, OPTION_TEXT, &o.remove },
		{ "list", 0, OPTION_FLAG, &o.list },
		{ "label", 0, OPTION_TEXT, &o.label },
		{ "reset", 0, OPTION_FLAG, &o.reset },
		{ "kit", 0, OPTION_FLAG, &o.kit },
		{ "new-passphrase-file", 0, OPTION_TEXT, &o.new_file },
	};
	struct texts arguments;

	fob__slots_ask__init(&slots);
	if (!options_parse(fob, argv, table, ARRAY_SIZE(table), &arguments) ||
	    !options_exactly(fob, &arguments, 0, ""))
		return fob->status;
	if ((o.add_key_file != NULL) + o.add_fido2 + (o.remove != NULL) +
		    o.list + (o.new_file != NULL || o.reset) >
	    1)
		return fail(fob, STATUS_USAGE, "one thing at a time");
	if (o.kit && !o.reset)
		return fail(fob, STATUS_USAGE, "--kit goes with --reset");
	if (o.reset)
		return renew_ask(fob, o.new_file, o.kit);
	if (o.label)
		slots.label = o.label;
	if (o.list)
		slots.list = true;
	else if (o.remove)
		slots.remove = o.remove;
	else if (o.add_key_file)
		return add_key_file(fob, &o, &slots);
	else if (o.add_fido2)
		return add_fido2(fob, &slots);
	else
		return change(fob, &o, &slots);
	return send_slots(fob, &slots);
}

const struct command cmd_passphrase = {
	.name = "passphrase",
	.brief = "change what opens this device",
	.help = "Usage: fob passphrase [--new-passphrase-file FILE]\n"
		"       fob passphrase --add-key-file FILE [--label TEXT]\n"
		"       fob passphrase --add-fido2 [--label TEXT]\n"
		"       fob passphrase --remove SLOT | --list\n"
		"       fob passphrase --reset [--kit] [--new-passphrase-file FILE]\n"
		"\n"
		"Without more it changes the passphrase of this device, and\n"
		"of no other. Key files and security keys are further ways\n"
		"to unlock, also where a passphrase is asked again.\n"
		"\n"
		"--reset is for one that is forgotten. The device gets new\n"
		"keys under a new passphrase and keeps all else; the old keys\n"
		"are revoked. It shows six words: type them at a device that\n"
		"stands above this one, with fob device approve. When that is\n"
		"cut short, run it again with the same new passphrase. A key\n"
		"file is taken for a new one.\n"
		"\n"
		"  --reset                      new keys, approved elsewhere\n"
		"  --kit                        or by the words of the recovery\n"
		"                               kit, without another device\n"
		"  --new-passphrase-file FILE   the new one; --passphrase-file\n"
		"                               is the present one\n"
		"  --add-key-file FILE          any file of up to 4096 bytes\n"
		"  --add-fido2                  the security key that is\n"
		"                               plugged in; touch it twice\n"
		"  --label TEXT                 to know it again in --list\n"
		"  --remove SLOT                a name from --list\n"
		"  --list                       the ways to unlock\n"
		"\n"
		"Example:\n"
		"  $ head -c 32 /dev/urandom >usb/key && chmod 600 usb/key\n"
		"  $ fob passphrase --add-key-file usb/key --label stick\n"
		"  $ fob passphrase --add-fido2 --label blue\n",
	.run = run_passphrase,
};
