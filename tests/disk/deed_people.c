#include <stdio.h>
#include <string.h>

#include "daemon/core/state.h"
#include "proto/status.h"
#include "tests/disk/alloc.h"
#include "tests/disk/deed.h"
#include "tests/lib/build.h"

#define TEXT 64

static ProtobufCBinaryData data_of(char *text)
{
	return (ProtobufCBinaryData){ strlen(text), (uint8_t *)text };
}

static char *phrase(char ret[TEXT], uint32_t version)
{
	snprintf(ret, TEXT, "CANARY!! horse %u", version);
	return ret;
}

/* --- passphrases ------------------------------------------------------------ */

static enum outcome try_phrase(struct machine *machine, uint32_t version)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__UnlockAsk ask = FOB__UNLOCK_ASK__INIT;
	char text[TEXT];

	ask.passphrase = data_of(phrase(text, version));
	request.unlock = &ask;
	return deed_judge(machine_ask(machine, &request));
}

/* After a change in doubt it is the one or the other. */
enum outcome people_unlock(struct machine *machine, struct seen *ret)
{
	uint32_t *may = machine->passphrases;
	enum outcome outcome = try_phrase(machine, may[1]);

	if (outcome == OUTCOME_FAILED) {
		may[1] = may[0];
		outcome = try_phrase(machine, may[1]);
	}
	if (outcome == OUTCOME_DONE)
		ret->passphrase = may[0] = may[1];
	return outcome;
}

enum outcome people_confirm(struct machine *machine, uint32_t kind)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__ConfirmAsk ask = FOB__CONFIRM_ASK__INIT;
	char text[TEXT];

	ask.kind = kind;
	ask.passphrase = data_of(phrase(text, machine->passphrases[1]));
	request.confirm = &ask;
	return deed_judge(machine_ask(machine, &request));
}

static enum outcome set_phrase(struct machine *machine, struct seen *next,
			       uint32_t *version)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__SlotsAsk ask = FOB__SLOTS_ASK__INIT;
	enum outcome outcome =
		people_confirm(machine, FOB__CONFIRM__CONFIRM_PASSPHRASE);
	char text[TEXT];

	if (outcome != OUTCOME_DONE)
		return outcome;
	next->passphrase = machine->passphrases[1] = ++*version;
	ask.set_passphrase = data_of(phrase(text, *version));
	request.slots = &ask;
	outcome = deed_judge(machine_ask(machine, &request));
	if (outcome == OUTCOME_DONE)
		machine->passphrases[0] = *version;
	return outcome;
}

/* --- devices ---------------------------------------------------------------- */

static enum outcome invite(struct machine *machine)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__InviteAsk ask = FOB__INVITE_ASK__INIT;
	enum outcome outcome =
		people_confirm(machine, FOB__CONFIRM__CONFIRM_INVITE);
	const Fob__Reply *reply;

	if (outcome != OUTCOME_DONE)
		return outcome;
	ask.approve = true;
	request.invite = &ask;
	reply = machine_ask(machine, &request);
	outcome = deed_judge(reply);
	return outcome == OUTCOME_DONE && !reply->invited ? OUTCOME_WRONG :
							    outcome;
}

/* An item as pairing would write it; its device is played by nobody. */
static void write_device(struct machine *machine, void *arg)
{
	const struct build_device *keys = arg;
	struct driver *driver = &machine->driver;
	struct node *node = driver->node;
	struct build_device device = *keys;
	struct event event = driver_event(EVENT_TIMER);
	struct step step = { .node = node,
			     .event = &event,
			     .effects = &driver->effects };
	Fob__Head head = FOB__HEAD__INIT;
	Fob__Add add = FOB__ADD__INIT;
	Fob__Certificate certificate;
	uint8_t signature[SIGNATURE_SIZE];
	uint32_t index;

	build_certificate(&certificate, &device);
	add.device = &certificate;
	add.role = FOB__ROLE__DEVICE;
	add.ordinal = roster_next_ordinal(&node->roster, node->self_author);
	item_join_sign(signature, node->set.vault_id, node->self->id, &add,
		       device.sign_secret);
	add.join_sig = (ProtobufCBinaryData){ sizeof(signature), signature };
	head.kind = FOB__KIND__ADD;
	head.add = &add;
	effects_clear(&driver->effects);
	if (write_head(&step, &head, (struct bytes){ NULL, 0 }, &index) < 0 ||
	    take_settle(&step) < 0 || driver->effects.failed)
		driver_die("a device could not be added", -12);
	carry_step(driver);
}

static const struct build_device *keys_of(struct build *build, uint32_t number)
{
	const struct build_device *keys;

	alloc_hold();
	build_init(build, 7);
	keys = build_keys(build, (int)number);
	alloc_go_on();
	return keys;
}

static enum outcome add_device(struct machine *machine, struct seen *next)
{
	static struct build build;
	struct build_device keys = *keys_of(&build, next->devices);

	build_deinit(&build);
	next->devices++;
	next->members++;
	machine_step(machine, write_device, &keys);
	return machine->up ? OUTCOME_DONE : OUTCOME_DOWN;
}

static bool devices(struct machine *machine, struct seen *ret,
		    char member[TEXT])
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__DevicesAsk ask = FOB__DEVICES_ASK__INIT;

	request.devices = &ask;
	if (deed_judge(machine_ask(machine, &request)) != OUTCOME_DONE)
		return false;
	ret->devices = ret->members = 0;
	for (size_t k = 0; k < machine->n_replies; k++)
		for (size_t i = 0; i < machine->replies[k]->n_devices; i++) {
			const Fob__Device *device =
				machine->replies[k]->devices[i];
			ret->devices++;
			if (strcmp(device->state, "member") != 0)
				continue;
			ret->members++;
			for (size_t b = 0; b < 8 && !device->self; b++)
				snprintf(member + 2 * b, 3, "%02x",
					 device->id.data[b]);
		}
	return true;
}

static enum outcome revoke(struct machine *machine, struct seen *next)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__RevokeAsk ask = FOB__REVOKE_ASK__INIT;
	enum outcome outcome =
		people_confirm(machine, FOB__CONFIRM__CONFIRM_REVOKE);
	char member[TEXT] = "";
	struct seen now;

	if (outcome != OUTCOME_DONE)
		return outcome;
	if (!devices(machine, &now, member))
		return machine->up ? OUTCOME_WRONG : OUTCOME_DOWN;
	next->members--;
	ask.device = member;
	request.revoke = &ask;
	return deed_judge(machine_ask(machine, &request));
}

/* --- groups ----------------------------------------------------------------- */

static bool groups(struct machine *machine, struct seen *ret)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__GroupAsk ask = FOB__GROUP_ASK__INIT;

	request.group = &ask;
	if (deed_judge(machine_ask(machine, &request)) != OUTCOME_DONE)
		return false;
	ret->groups = 0;
	for (size_t k = 0; k < machine->n_replies; k++)
		for (size_t i = 0; i < machine->replies[k]->n_groups; i++)
			ret->groups +=
				strncmp(machine->replies[k]->groups[i]->name,
					"group-", 6) == 0;
	return true;
}

static enum outcome make_group(struct machine *machine, struct seen *next,
			       uint32_t *version)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__GroupAsk ask = FOB__GROUP_ASK__INIT;
	char op[] = "create", name[TEXT];

	snprintf(name, sizeof(name), "group-%u", ++*version);
	next->groups++;
	ask.op = op;
	ask.name = name;
	request.group = &ask;
	return deed_judge(machine_ask(machine, &request));
}

/* --- all -------------------------------------------------------------------- */

enum outcome people_do(enum deed deed, struct machine *machine,
		       struct seen *next, uint32_t *version)
{
	switch (deed) {
	case DEED_PASSPHRASE:
		return set_phrase(machine, next, version);
	case DEED_INVITE:
		return invite(machine);
	case DEED_DEVICE:
		return add_device(machine, next);
	case DEED_REVOKE:
		return revoke(machine, next);
	default:
		return make_group(machine, next, version);
	}
}

bool people_see(struct machine *machine, struct seen *ret)
{
	char member[TEXT];

	return devices(machine, ret, member) && groups(machine, ret);
}
