// A client as people write one with what NSwag makes of openapi.json: GeneratedClientsTests compiles the two together,
// strictly, and runs it against a server.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using Generated;

public static class NaturalClient
{
    public static async Task RunAsync(string url)
    {
        using var http = new HttpClient { BaseAddress = new Uri(url) };
        var cote = new CoteClient(http);
        var name = "cs" + Guid.NewGuid().ToString("N")[..12];
        var account = new NewUser { Username = name, Email = name + "@example.com",
            Password = "correct horse battery" };
        var user = await cote.RegisterAsync(account);
        Check(user.Username == name, "the user is who was registered");
        var taken = await FailsAsync<Problem>(() => cote.RegisterAsync(account), 400);
        Check(taken.Code == ErrorCode.Username_taken, "the name is taken");
        var wrong = await FailsAsync<HTTPValidationError>(
            () => cote.RegisterAsync(new NewUser { Username = "a", Email = "no", Password = "short" }), 422);
        Check(wrong.Detail.Select(x => x.Msg.Length).All(x => x > 0) && wrong.Detail.Count == 3,
            "three fields are wrong");

        var tokens = await cote.LogInAsync(
            name, account.Password, null, null, null, null, null, null, null, null, null, null, null);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", tokens.Access_token);
        var chat = await cote.CreateChatAsync(new NewChat { Title = "First chat" });
        chat = await cote.UpdateChatAsync(chat.Id, new ChatPatch { Max_tokens = 100, Temperature = 0.5 });
        Check(chat.Max_tokens + 1 == 101, "numbers are numbers");

        var message = await cote.SendMessageAsync(
            chat.Id, null, new MessageBody { Content = "Hello", Id = Guid.NewGuid() });
        Check(message.Sender == MessageSender.User && message.Status == MessageStatus.Sent, "sent");
        var cursor = (await cote.GetSyncAsync(null)).Cursor.Split('-')[0] + "-0";
        for (var open = true; open;)
        {
            var poll = await cote.EventsAsync(cursor, 5, null, null, null, null);
            cursor = poll.Cursor;
            // NSwag knows no unions: a frame is a dictionary, and its data is read by its type.
            foreach (var frame in poll.Events.Select(x => x.AdditionalProperties))
                if (frame["type"].ToString() == "message")
                    open &= ((JsonElement)frame["data"]).Deserialize<Message>()!.Generation is null;
        }
        var list = await cote.ListMessagesAsync(chat.Id, 10, null, null, null, null);
        Check(list.OrderBy(x => x.Seq).Last().Generation!.State == GenerationState.Completed, "the reply is complete");

        var upload = await cote.UploadFileAsync(new FileParameter(
            new MemoryStream(Encoding.UTF8.GetBytes("doves")), "doves.txt", "text/plain"));
        Check(upload.Width is null && upload.Size == 5, "a text has no width");
        var limits = await cote.GetLimitsAsync();
        Check(limits.Rate_limits.Messages_per_minute > 0, "limits");
    }

    static async Task<T> FailsAsync<T>(Func<Task> call, int status)
    {
        try
        {
            await call();
        }
        catch (ApiException<T> error) when (error.StatusCode == status)
        {
            return error.Result;
        }
        throw new InvalidOperationException($"No {status}.");
    }

    static void Check(bool condition, string what)
    {
        if (!condition)
            throw new InvalidOperationException(what);
    }
}
