#include "daemon/net/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "daemon/net/inner.h"

static const int signals[LOOP_SIGNALS] = { SIGTERM, SIGINT, SIGHUP };

static struct loop *loop_of(void *handle)
{
	return ((uv_handle_t *)handle)->data;
}

static void on_prepare(uv_prepare_t *handle)
{
	struct loop *loop = loop_of(handle);
	loop->events->turn(loop->owner);
}

static void on_check(uv_check_t *handle)
{
	struct loop *loop = loop_of(handle);
	loop->turns++;
	loop->events->turn(loop->owner);
}

static void on_alarm(uv_timer_t *handle)
{
	struct loop *loop = loop_of(handle);
	loop->events->alarm(loop->owner);
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct loop *loop = loop_of(handle);
	loop->events->signal(loop->owner, number);
}

/*
 * A turn ends twice: after the poll, so that answers leave at once, and just
 * before the loop sleeps, for what timers and closed connections brought.
 */
static int start(struct loop *loop)
{
	int rc = uv_prepare_init(&loop->uv, &loop->prepare);
	if (!rc)
		rc = uv_check_init(&loop->uv, &loop->check);
	if (!rc)
		rc = uv_timer_init(&loop->uv, &loop->alarm);
	for (size_t i = 0; i < LOOP_SIGNALS && !rc; i++)
		rc = uv_signal_init(&loop->uv, &loop->signals[i]);
	if (rc)
		return rc;
	loop->prepare.data = loop->check.data = loop->alarm.data = loop;
	rc = uv_prepare_start(&loop->prepare, on_prepare);
	if (!rc)
		rc = uv_check_start(&loop->check, on_check);
	for (size_t i = 0; i < LOOP_SIGNALS && !rc; i++) {
		loop->signals[i].data = loop;
		rc = uv_signal_start(&loop->signals[i], on_signal, signals[i]);
	}
	return rc;
}

int loop_new(struct loop **ret_loop, const struct loop_events *events,
	     void *owner)
{
	struct loop *loop = calloc(1, sizeof(*loop));
	if (!loop)
		return -ENOMEM;
	loop->events = events;
	loop->owner = owner;
	int rc = uv_loop_init(&loop->uv);
	if (rc) {
		free(loop);
		return rc;
	}
	rc = start(loop);
	if (rc) {
		/* Handles that were begun cannot be told apart: give up. */
		return rc;
	}
	*ret_loop = loop;
	return 0;
}

void loop_run(struct loop *loop)
{
	uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *loop)
{
	if (loop->stopped)
		return;
	loop->stopped = true;
	uv_close((uv_handle_t *)&loop->prepare, NULL);
	uv_close((uv_handle_t *)&loop->check, NULL);
	uv_close((uv_handle_t *)&loop->alarm, NULL);
	for (size_t i = 0; i < LOOP_SIGNALS; i++)
		uv_close((uv_handle_t *)&loop->signals[i], NULL);
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	REQUIRE(uv_loop_close(&loop->uv) == 0);
	free(loop);
}

void loop_alarm(struct loop *loop, uint64_t ms)
{
	if (loop->stopped)
		return;
	if (ms == UINT64_MAX) {
		uv_timer_stop(&loop->alarm);
		return;
	}
	/* The loop's own idea of now is as old as the turn. */
	uv_update_time(&loop->uv);
	REQUIRE(uv_timer_start(&loop->alarm, on_alarm, ms, 0) == 0);
}

struct work {
	uv_work_t uv;
	struct loop *loop;
	void (*work)(void *arg);
	void (*done)(void *owner, void *arg);
	void *arg;
};

static void on_work(uv_work_t *uv)
{
	struct work *work = uv->data;
	work->work(work->arg);
}

static void on_worked(uv_work_t *uv, int status UNUSED)
{
	struct work *work = uv->data;
	work->done(work->loop->owner, work->arg);
	free(work);
}

int loop_work(struct loop *loop, void (*work)(void *arg),
	      void (*done)(void *owner, void *arg), void *arg)
{
	struct work *made = calloc(1, sizeof(*made));
	if (!made)
		return -ENOMEM;
	*made = (struct work){
		.loop = loop, .work = work, .done = done, .arg = arg
	};
	made->uv.data = made;
	int rc = uv_queue_work(&loop->uv, &made->uv, on_work, on_worked);
	if (rc)
		free(made);
	return rc;
}
