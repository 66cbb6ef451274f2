#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/driver.h"
#include "daemon/host/log.h"
#include "daemon/host/passfile.h"
#include "proto/local.pb-c.h"
#include "proto/secret.h"
#include "proto/status.h"

#define HELLO_ID 1
#define UNLOCK_ID 2

static void ask(struct driver *driver, const Fob__Request *request)
{
	size_t n = fob__request__get_packed_size(request);
	AUTO_SECRET uint8_t *packed = secret_alloc(n);

	if (!packed)
		driver_die("no locked memory for the passphrase", -ENOMEM);
	fob__request__pack(request, packed);
	struct event event = driver_event(EVENT_CLIENT);
	event.conn = driver->unlock.number;
	event.data = (struct bytes){ packed, n };
	driver_feed(driver, &event);
}

static void ask_hello(struct driver *driver)
{
	static char name[] = "fobd --passphrase-file";
	Fob__Request request;
	Fob__ClientHello hello;

	fob__request__init(&request);
	fob__client_hello__init(&hello);
	hello.version = 1;
	hello.client = name;
	request.id = HELLO_ID;
	request.hello = &hello;
	ask(driver, &request);
}

void unlock_begin(struct driver *driver)
{
	const char *path = driver->config->passphrase_file;
	AUTO_SECRET uint8_t *passphrase = NULL;
	Fob__Request request;
	Fob__UnlockAsk unlock;
	size_t n;

	if (!path[0])
		return;
	int rc = passfile_read(path, &passphrase, &n);
	if (rc) {
		log_error("%s: %s; the vault stays locked", path,
			  passfile_error_text(rc));
		return;
	}
	fob__request__init(&request);
	fob__unlock_ask__init(&unlock);
	driver->unlock.number = driver_number(driver);
	ask_hello(driver);
	unlock.passphrase.data = passphrase;
	unlock.passphrase.len = n;
	request.id = UNLOCK_ID;
	request.unlock = &unlock;
	ask(driver, &request);
}

static void judge(const char *path, const Fob__Reply *reply)
{
	if (reply->status == STATUS_OK || reply->need == FOB__NEED__NEED_VAULT)
		return; /* open, or nothing there to open yet */
	log_error("%s: does not unlock the vault: %s", path,
		  reply->message[0] ? reply->message :
				      status_text(reply->status));
}

bool unlock_reply(struct driver *driver, uint32_t conn, struct bytes message)
{
	struct budget budget;

	if (conn == 0 || conn != driver->unlock.number)
		return false;
	budget_init(&budget, false);
	Fob__Reply *reply =
		fob__reply__unpack(&budget.allocator, message.n, message.p);
	if (!reply)
		driver_die("no memory to unlock the vault", -ENOMEM);
	if (reply->id == UNLOCK_ID && !reply->more) {
		judge(driver->config->passphrase_file, reply);
		driver->unlock.answered = true;
	}
	fob__reply__free_unpacked(reply, &budget.allocator);
	budget_deinit(&budget);
	return true;
}

bool unlock_end(struct driver *driver)
{
	if (!driver->unlock.answered)
		return false;
	struct event event = driver_event(EVENT_CLIENT_GONE);
	event.conn = driver->unlock.number;
	driver->unlock.number = 0;
	driver->unlock.answered = false;
	driver_feed(driver, &event);
	return true;
}
