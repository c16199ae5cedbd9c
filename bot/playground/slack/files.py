"""files.getUploadURLExternal, completeUploadExternal and info; what happens to the bytes is in `server`."""

from __future__ import annotations

from bot.playground.slack.arguments import Arguments
from bot.playground.slack.installation import Installation, Method, Upload
from bot.playground.slack.values import File, Json, Message, Refused
from bot.playground.slack.wire import file_json, guess_mimetype


def get_upload_url(slack: Installation, args: Arguments) -> Json:
    name, length = args.text("filename"), args.integer("length")
    if length <= 0:
        raise Refused("invalid_arguments", "[ERROR] must be greater than 0 [json-pointer:/length]")
    workspace = slack.workspace
    file = File(
        id=workspace.ids.new("F"),
        name=name,
        title=name,
        mimetype=guess_mimetype(name),
        user=workspace.app.user_id,
        created=int(workspace.clock.now()),
        content=b"",
        alt_text=args.text("alt_txt", ""),
    )
    slack.uploads[file.id] = Upload(file, length)
    return {"upload_url": f"{workspace.site}/upload/v1/{file.id}", "file_id": file.id}


def complete_upload(slack: Installation, args: Arguments) -> Json:
    """Make uploaded files files, and share them where the call says."""
    wanted = args.objects("files", "invalid_arguments")
    if not wanted:
        raise Refused("invalid_arguments", "[ERROR] missing required field: files")
    places = [place for place in (args.text("channel_id", "") or args.text("channels", "")).split(",") if place]
    channels = [slack.destination(place) for place in places]
    uploads = [_received(slack, item) for item in wanted]
    files = [_complete(slack, upload, item) for upload, item in zip(uploads, wanted, strict=True)]
    app = slack.workspace.app
    for channel in channels:
        slack.workspace.post(
            Message(
                channel=channel.id,
                ts="",
                user=app.user_id,
                bot_id=app.bot_id,
                text=args.text("initial_comment", ""),
                thread_ts=args.ts("thread_ts", ""),
                files=[file.id for file in files],
                subtype="file_share",
            )
        )
    return {"files": [file_json(slack.workspace, file) for file in files]}


def _received(slack: Installation, item: Json) -> Upload:
    upload = slack.uploads.get(str(item.get("id")))
    if upload is None or upload.content is None:
        raise Refused("file_not_found")
    return upload


def _complete(slack: Installation, upload: Upload, item: Json) -> File:
    file = upload.file
    file.content, file.title = upload.content or b"", item.get("title") or file.name
    del slack.uploads[file.id]
    slack.workspace.files[file.id] = file
    return file


def info(slack: Installation, args: Arguments) -> Json:
    file = slack.workspace.files.get(args.text("file"))
    if file is None:
        raise Refused("file_not_found")
    return {"file": file_json(slack.workspace, file), "comments": [], "response_metadata": {"next_cursor": ""}}


METHODS = {
    "files.getUploadURLExternal": Method(get_upload_url, ("files:write",)),
    "files.completeUploadExternal": Method(complete_upload, ("files:write",)),
    "files.info": Method(info, ("files:read",)),
}
