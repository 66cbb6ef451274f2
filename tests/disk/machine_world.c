/*
 * The loop, the network, the clocks and the log of a machine: the functions
 * of daemon/net and daemon/host that the driver calls, without a system
 * under them. One client, no peers; what is dialled does not answer.
 */
#include <errno.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/host/clock.h"
#include "daemon/host/entropy.h"
#include "daemon/host/kdf.h"
#include "daemon/host/log.h"
#include "daemon/net/net.h"
#include "tests/disk/alloc.h"
#include "tests/disk/machine.h"

#define WORKS 8

struct machine *machine_runs;

struct work {
	void (*done)(void *owner, void *arg);
	void *arg;
};

struct loop {
	const struct loop_events *events;
	void *owner;
	uint64_t due; /* mono ms */
	struct work works[WORKS];
	size_t n_works;
};

struct conn {
	uint32_t number;
	bool up;
};

struct net {
	const struct net_events *events;
	void *owner;
	struct conn client;
};

static struct loop loop;
static struct net net;

/* --- clocks, entropy, log, the end ------------------------------------------ */

uint64_t clock_mono(void)
{
	return machine_runs->mono + machine_runs->platter->slow_ms;
}

int64_t clock_wall(void)
{
	return machine_runs->wall + (int64_t)machine_runs->platter->slow_ms;
}

void entropy_fill(void *ret, size_t n)
{
	uint8_t *to = ret;

	for (size_t at = 0; at < n; at += 8) {
		uint64_t word = draw_next(&machine_runs->entropy);
		memcpy(to + at, &word, size_min(8, n - at));
	}
}

void log_set_level(enum log_level level UNUSED)
{
}

bool log_parse_level(const char *text UNUSED, enum log_level *ret)
{
	*ret = LOG_LEVEL_INFO;
	return true;
}

void log_line(enum log_level level, const char *format, ...)
{
	va_list list;

	if (!machine_runs)
		return;
	if (strncmp(format, "snapshot into %s", strlen(format) + 1) == 0)
		machine_runs->snapshots++;
	if (level > LOG_LEVEL_WARN)
		return;
	va_start(list, format);
	vsnprintf(machine_runs->last_words, sizeof(machine_runs->last_words),
		  format, list);
	va_end(list);
}

/* The daemon's own end is that of the machine, not of the test. */
void _exit(int status)
{
	if (machine_runs && getpid() == machine_runs->self)
		longjmp(machine_runs->end, 1 + status);
	for (;;)
		syscall(SYS_exit_group, status);
}

/* --- the loop --------------------------------------------------------------- */

int loop_new(struct loop **ret_loop, const struct loop_events *events,
	     void *owner)
{
	loop = (struct loop){ .events = events, .owner = owner };
	loop.due = UINT64_MAX;
	*ret_loop = &loop;
	return 0;
}

void loop_run(struct loop *l UNUSED)
{
}

void loop_stop(struct loop *l UNUSED)
{
}

void loop_free(struct loop *l UNUSED)
{
}

void loop_alarm(struct loop *l, uint64_t ms)
{
	l->due = ms == UINT64_MAX ? ms : clock_mono() + ms;
}

int loop_work(struct loop *l, void (*work)(void *arg) UNUSED,
	      void (*done)(void *owner, void *arg), void *arg)
{
	REQUIRE(l->n_works < WORKS);
	l->works[l->n_works++] = (struct work){ done, arg };
	return 0;
}

/* Instead of Argon2id: fast, and another key for another passphrase. */
static void derive(struct kdf *kdf)
{
	if (kdf->passes == 0)
		kdf->passes = KDF_PASSES_MIN;
	crypto_generichash(kdf->key, sizeof(kdf->key), kdf->passphrase,
			   kdf->passphrase_len, kdf->salt, sizeof(kdf->salt));
	kdf->error = 0;
}

void world_turn(struct machine *machine)
{
	for (;;) {
		loop.events->turn(loop.owner);
		if (loop.n_works > 0) {
			struct work work = loop.works[0];

			loop.n_works--;
			memmove(loop.works, loop.works + 1,
				loop.n_works * sizeof(work));
			derive(work.arg);
			work.done(loop.owner, work.arg);
		} else if (loop.due <= clock_mono()) {
			loop.due = UINT64_MAX;
			loop.events->alarm(loop.owner);
		} else {
			break;
		}
		machine->mono++;
		machine->wall++;
	}
}

void world_forget(void)
{
	for (size_t i = 0; i < loop.n_works; i++)
		kdf_free(loop.works[i].arg);
	memset(&loop, 0, sizeof(loop));
	memset(&net, 0, sizeof(net));
}

/* --- the network ------------------------------------------------------------ */

int net_new(struct net **ret_net, struct loop *l UNUSED,
	    const struct net_events *events, void *owner)
{
	net = (struct net){ .events = events, .owner = owner };
	*ret_net = &net;
	return 0;
}

void net_free(struct net *n UNUSED)
{
}

void net_end(struct net *n UNUSED)
{
}

void net_hang_up(struct net *n UNUSED)
{
}

struct conn *net_find(const struct net *n UNUSED, uint32_t number)
{
	return net.client.up && net.client.number == number ? &net.client :
							      NULL;
}

void net_meet(struct net *n UNUSED, bool take UNUSED)
{
}

int net_listen(struct net *n UNUSED, const char *address UNUSED)
{
	return 0;
}

int net_listen_fd(struct net *n UNUSED, int fd UNUSED)
{
	return 0;
}

int net_local(struct net *n UNUSED, const char *path UNUSED)
{
	return 0;
}

int net_local_fd(struct net *n UNUSED, int fd UNUSED)
{
	return 0;
}

int net_open(struct net *n UNUSED, enum conn_kind kind UNUSED,
	     const char *address UNUSED, struct conn **ret_conn UNUSED)
{
	return -ENOMEM;
}

size_t net_addresses(const struct net *n UNUSED, char (*ret)[NET_ADDRESS],
		     size_t max)
{
	if (max > 0)
		snprintf(ret[0], NET_ADDRESS, "192.0.2.1:47362");
	return max > 0;
}

enum conn_kind conn_kind(const struct conn *conn UNUSED)
{
	return CONN_CLIENT;
}

bool conn_dialed(const struct conn *conn UNUSED)
{
	return false;
}

bool conn_came_up(const struct conn *conn UNUSED)
{
	return true;
}

const char *conn_remote(const struct conn *conn UNUSED)
{
	return "";
}

void conn_set_phase(struct conn *conn UNUSED, enum conn_phase phase UNUSED)
{
}

uint32_t conn_number(const struct conn *conn)
{
	return conn->number;
}

void conn_set_number(struct conn *conn, uint32_t number)
{
	conn->number = number;
}

void *conn_data(const struct conn *conn UNUSED)
{
	return NULL;
}

void conn_set_data(struct conn *conn UNUSED, void *data UNUSED)
{
}

void conn_send(struct conn *conn UNUSED, uint8_t *data, size_t n UNUSED,
	       bool secret UNUSED)
{
	free(data);
}

void conn_send_message(struct conn *conn UNUSED, uint8_t *data, size_t n)
{
	struct machine *machine = machine_runs;
	Fob__Reply *reply;

	alloc_hold();
	reply = fob__reply__unpack(NULL, n, data);
	alloc_go_on();
	REQUIRE(reply && machine->n_replies < MACHINE_REPLIES);
	machine->replies[machine->n_replies++] = reply;
	free(data);
}

void conn_finish(struct conn *conn UNUSED)
{
}

void conn_abort(struct conn *conn UNUSED, int error UNUSED)
{
}

void world_client(struct machine *machine, struct bytes message)
{
	if (!net.client.up) {
		net.client.up = true;
		net.events->up(net.owner, &net.client);
	}
	net.events->bytes(net.owner, &net.client, message);
	world_turn(machine);
}
