"""Tables of the web's own: running work, uploaded files, saved views, tokens. Facts are never here."""

from __future__ import annotations

from django.db import models


class Job(models.Model):
    """A piece of work that a person asked for and need not wait for (実行): what, by whom, how far, what came of it."""

    class State(models.TextChoices):
        """Where the work stands."""

        WAITING = "waiting", "待機中"
        RUNNING = "running", "実行中"
        DONE = "done", "完了"
        FAILED = "failed", "中止(理由あり)"
        CANCELLED = "cancelled", "取りやめ"

    company = models.CharField(max_length=20)
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=200)
    options = models.JSONField(default=dict)
    content = models.BinaryField(null=True)
    actor = models.CharField(max_length=150)
    key = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    step = models.CharField(max_length=200, blank=True)
    done = models.IntegerField(default=0)
    total = models.IntegerField(default=0)
    stop = models.BooleanField(default=False)
    pid = models.IntegerField(null=True)
    asked_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    figures = models.JSONField(default=dict)
    cause = models.TextField(blank=True)
    remedy = models.TextField(blank=True)
    rows = models.JSONField(default=list)

    class Meta:
        indexes = (models.Index(fields=["company", "-id"]), models.Index(fields=["state", "id"]))
        constraints = (
            models.UniqueConstraint(fields=["company", "key"], condition=~models.Q(key=""), name="web_job_key"),
        )


class Output(models.Model):
    """A file that a piece of work made for people to carry on: what goes to the printer or to the network. Kept 30 days."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="outputs")
    name = models.CharField(max_length=200)
    content = models.BinaryField()
    made_at = models.DateTimeField(auto_now_add=True)


class Upload(models.Model):
    """A file that somebody brought and has not decided on yet: its bytes, how its columns are matched, what a trial said.

    It is gone once the file is taken or put away, and a day after it came at the latest.
    """

    company = models.CharField(max_length=20)
    kind = models.CharField(max_length=40)
    account = models.CharField(max_length=20, blank=True)
    format = models.CharField(max_length=30, blank=True, db_default="")
    lenient = models.BooleanField(db_default=False)
    name = models.CharField(max_length=200)
    content = models.BinaryField()
    actor = models.CharField(max_length=150)
    key = models.CharField(max_length=200)
    came_at = models.DateTimeField(auto_now_add=True)
    mapping = models.JSONField(default=dict)
    tried = models.JSONField(default=dict)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["company", "actor", "key"], name="web_upload_key"),)


class Arrival(models.Model):
    """An opening of a link that is not in the books yet: the worker takes it there, so that no customer waits for a run."""

    company = models.CharField(max_length=20)
    delivery_id = models.BigIntegerField()
    part = models.CharField(max_length=4)
    opened_at = models.DateTimeField()
    address = models.CharField(max_length=45)
    agent = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    nonce = models.CharField(max_length=32)


class View(models.Model):
    """A saved view of a list: its address under a name, for one person or for all of the company."""

    company = models.CharField(max_length=20)
    page = models.CharField(max_length=60)
    title = models.CharField(max_length=60)
    query = models.TextField()
    owner = models.CharField(max_length=150)
    shared = models.BooleanField(default=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["company", "page", "title", "owner"], name="web_view_title"),)


class Token(models.Model):
    """A key with which another program acts as a person in one company; only the SHA-256 of its text is kept.

    ``scopes`` are permissions, separated by spaces: what it may do is that and what the person's role may.
    """

    name = models.CharField(max_length=60)
    company = models.CharField(max_length=20)
    actor = models.CharField(max_length=150)
    scopes = models.TextField()
    digest = models.CharField(max_length=64, unique=True)
    maker = models.CharField(max_length=150)
    made_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (models.Index(fields=["company", "id"], name="web_token_company"),)


class Read(models.Model):
    """Up to where a person has read the notices (お知らせ) of a company: the newest run then, and the moment."""

    company = models.CharField(max_length=20)
    person = models.CharField(max_length=150)
    run_id = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["company", "person"], name="web_read_person"),)


class Looking(models.Model):
    """Who is on which receipt of the matching screen, since when, and when they were last heard of; forgotten after a minute."""

    company = models.CharField(max_length=20)
    person = models.CharField(max_length=150)
    shown = models.CharField(max_length=150)
    receipt = models.BigIntegerField()
    since = models.DateTimeField()
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["company", "person"], name="web_looking_person"),)


class Simulation(models.Model):
    """What came of a what-if (もしも計算) and what was supposed; its number is that of the work that made it."""

    id = models.BigIntegerField(primary_key=True)
    company = models.CharField(max_length=20)
    title = models.CharField(max_length=200)
    changes = models.JSONField(default=dict)
    months = models.IntegerField()
    result = models.JSONField(default=dict)
    actor = models.CharField(max_length=150)
    made_at = models.DateTimeField(auto_now_add=True)
    reserved_at = models.DateTimeField(null=True)
    reserved_by = models.CharField(max_length=150, blank=True)

    class Meta:
        indexes = (models.Index(fields=["company", "-id"], name="web_simulation_company"),)
