using System.Text.Json;
using Cote.Tests.Harness;
using Cote.Tests.Media;

namespace Cote.Tests.Replies;

public sealed partial class BoundsTests
{
    // What a strict server refuses is drawn for each call: blank turns, two turns of one role, a first turn that is not
    // the user's, the temperature, the system role, images, long prompts.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [Trait("Rows", "none")]
    public async Task A_chat_with_a_strict_server_never_gets_stuck(int seed)
    {
        await using var app = await CoteApp.StartAsync("Assistants:ContextTokens=3000");
        using var ada = await app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        (await ada.PatchAsync($"/chats/{chat}", new { system_prompt = "Be a dove.", temperature = 0.5 })).Ok();
        var random = new Random(seed);
        var refused = 0;
        app.Model.Answer = x =>
        {
            lock (random)
            {
                if (WhyRefused(x, random.Next(7)) is { } why)
                {
                    refused++;
                    return FakeReply.Refuse(400,
                        JsonSerializer.Serialize(new { error = new { message = why.Message, param = why.Param } }));
                }
                return random.Next(6) switch
                {
                    0 => FakeReply.Text("\n\n"),
                    1 => FakeReply.Text() with { FinishReason = "length" },
                    2 => FakeReply.Text("cut ").ThenCut(),
                    _ => FakeReply.Text(string.Concat(Enumerable.Repeat("answer ", random.Next(1, 60)))),
                };
            }
        };

        var image = (await ada.UploadAsync(Samples.Png(), "dove.png")).Ok()["url"];
        for (var turn = 0; turn < 100; turn++)
        {
            var importance = (turn % 7) switch { 0 => "low", 1 => "high", _ => "normal" };
            var content = turn % 11 == 5 ? "   " : $"question {turn} " + new string('x', turn % 90);
            var question = (await ada.PostAsync($"/chats/{chat}/messages/", turn % 9 == 4
                ? new { content, importance_level = importance, type = "image", media_urls = new[] { image } }
                : new { content, importance_level = importance })).Ok().Json;
            var end = await ada.EndOfAsync(chat, question.Text("reply_id"));
            if (end.GetProperty("generation").TryGetProperty("error", out var error))
                error.Text("code").ShouldBeOneOf("empty", "truncated", turn % 9 == 4 ? "unsupported_media" : "empty");
        }
        refused.ShouldBeGreaterThan(0, "the server is strict");
    }

    static (string Message, string? Param)? WhyRefused(FakeRequest request, int rule)
    {
        var turns = request.Messages.EnumerateArray()
            .Select(x => (Role: x.Text("role"), Content: x.GetProperty("content").ToString())).ToList();
        var spoken = turns.Where(x => x.Role != "system").ToList();
        return rule switch
        {
            0 when spoken.Any(x => string.IsNullOrWhiteSpace(x.Content)) =>
                ("messages: text content must not be blank", null),
            1 when spoken.Zip(spoken.Skip(1)).Any(x => x.First.Role == x.Second.Role) =>
                ("Conversation roles must alternate user/assistant", null),
            2 when spoken[0].Role != "user" => ("First message must be from the user", null),
            3 when request.Body.TryGetProperty("temperature", out _) =>
                ("Unsupported value: 'temperature' does not support 0.5 with this model.", "temperature"),
            4 when turns[0].Role == "system" => ("System role not supported", null),
            5 when request.Messages.ToString().Contains("image_url", StringComparison.Ordinal) =>
                ("This model does not support image input", null),
            6 when request.Messages.ToString().Length > 4_000 =>
                ("This model's maximum context length is 1000 tokens", null),
            _ => null,
        };
    }
}
