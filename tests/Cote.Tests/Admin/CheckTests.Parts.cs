using Cote.Tests.Harness;
using Cote.Tests.Media;

namespace Cote.Tests.Admin;

// Parts, uploads that messages name, events, and the installation's budget.
public sealed partial class CheckTests
{
    const string NoParts = "delete from message_parts";
    const string NoCalls = "delete from tool_calls";
    const string NoUploads = "update messages set media = '[]' where media <> '[]'";
    const string Upload = "(select id from media)";

    static readonly (string Plant, string Undo, string Says)[] FaultsOfParts =
    [
        (PartOf(Answer, 0, 1, 0, "null"), NoParts,
            "rows: piece 1 of the part 0 of message {answer} of user {user} belongs to no part. Delete it."),
        (PartOf(Answer, 1, 0, 0, """{"type":"step"}"""), NoParts,
            "rows: message {answer} of user {user} has 1 parts, but the last has the place 1"),
        (PartOf(Answer, 0, 0, 3, """{"type":"step"}"""), NoParts,
            "rows: part 0 of message {answer} of user {user} is of the revision 3, but the message of 0"),
        ($"update messages set parts_rev = 2 where id = {Answer}",
            $"update messages set parts_rev = 0 where id = {Answer}",
            "rows: message {answer} of user {user} is of the revision 2, but has no parts"),
        (PartOf(Answer, 0, 0, 0, "7"), NoParts,
            "rows: part 0 of message {answer} of user {user} has data that is no part"),
        (PartOf(Answer, 0, 0, 0, """{"type":"tool"}"""), NoParts,
            "rows: part 0 of message {answer} of user {user} is a tool call that is lost"),
        ($"""
            insert into tool_calls (user_id, reply_id, call_id, provider_call_id, hash, data, input, state, epoch, step,
              idx, part)
            values ({Uid}, {Answer}, 'c1', '', '', '', '', 'done', '', 0, 0, 4)
            """, NoCalls, "rows: tool call c1 of message {answer} of user {user} has no part 4"),
        ($"update messages set media = 'x' where id = {Question}", NoUploads,
            "rows: the column media of message {question} of user {user} is no list of uploads"),
        ($"""update messages set media = '["/media/' || {Upload} || '"]' where id = {Question}""", NoUploads,
            "rows: message {question} of user {user} names the upload {media}, which may be swept"),
        ($"""
            update messages set media = '["/media/0190a0b0-0000-7000-8000-000000000001","/media/' || {Upload} || '"]'
            where id = {Question}
            """, NoUploads, "rows: message {question} of user {user} names the upload {media}, which may be swept"),
        ($"""
            insert into message_media (user_id, message_id, place, chat_id, media_id)
            values ({Uid}, {Question}, 0, (select id from chats), {Upload})
            """, "delete from message_media",
            "rows: message {question} of user {user} keeps the upload {media}, which it does not name"),
        ("update events set type = 'x' where seq = 1", "update events set type = 'chat.created' where seq = 1",
            "events: the event 1 of user {user} has the type x and the message none"),
        ($"update events set message_id = {Question} where seq = 1",
            "update events set message_id = null where seq = 1",
            "events: the event 1 of user {user} has the type chat.created and the message {question}"),
        ("update events set chat_id = 'x' where seq = 2",
            "update events set chat_id = (select id from chats) where seq = 2",
            "events: the event 2 of user {user} has the message {first} in the chat x, but it is in {chat}"),
        ("update events set chat_id = 'x' where seq = 2",
            "update events set chat_id = (select id from chats) where seq = 2",
            "rows: events {user} 2: user_id, chat_id names a row of chats that is not there"),
        ("update budgets set month_tokens = month_tokens + 1 where user_id = ''",
            "update budgets set month_tokens = month_tokens - 1 where user_id = ''",
            "ledger: month_tokens of the installation's budget is "),
        ("update budgets set day_cost = 5 where user_id = ''", "update budgets set day_cost = 0 where user_id = ''",
            "ledger: day_cost of the installation's budget is 5, all calls have 0"),
        ("""
            insert into usage_sums (day, model, calls, unpriced, input, output, cached, reasoning, cost)
            select day, 'x', 1, 0, 7, 0, 0, 0, 0 from budgets where user_id = ''
            """, "delete from usage_sums", "ledger: day_tokens of the installation's budget is "),
    ];

    static string PartOf(string reply, int index, int chunk, int rev, string data) => $"""
        insert into message_parts (user_id, message_id, idx, chunk, rev, data, text)
        values ({Uid}, {reply}, {index}, {chunk}, {rev}, '{data}', '""')
        """;

    [Fact]
    public async Task Parts_tools_uploads_copies_and_erased_accounts_are_no_faults()
    {
        await using var app = await CoteApp.StartAsync("Budgets:All:MonthTokens=1000000000");
        using var ada = await app.RegisterAsync("ada");
        using var eve = await app.RegisterAsync();
        var (one, two) = ((await ada.UploadAsync(Samples.Png(extra: 1), "a.png")).Ok()["url"],
            (await ada.UploadAsync(Samples.Png(extra: 2), "b.png")).Ok()["url"]);
        foreach (var client in new[] { ada, eve })
            foreach (var model in new[] { "demo/tool", "demo/thinks", "openai" })
            {
                app.Model.Script = FakeReply.Thought("so").Then("an answer");
                var chat = await client.CreateChatAsync(model: model);
                var media = client == ada ? new[] { one, two } : [];
                var sent = (await client.PostAsync($"/chats/{chat}/messages/", new
                {
                    content = "What time is it?",
                    type = media.Length > 0 ? "image" : "text",
                    media_urls = media,
                })).Ok().Json;
                await client.EndOfAsync(chat, sent.Text("reply_id"));
                (await client.PostAsync($"/chats/{chat}/fork", new { })).Ok();
            }
        await ada.WaitForToolAsync("demo/approval");
        (await CheckAsync(app.Services)).ShouldBe((0, ""));

        (await eve.DeleteAsync("/users/me")).Ok();
        (await CheckAsync(app.Services)).ShouldBe((0, ""), "her calls are sums now");
    }
}
