namespace Cote.Tests.Users;

public sealed class SigningKeyTests : IDisposable
{
    readonly string _data = Directory.CreateTempSubdirectory("cote-test-").FullName;

    [Fact]
    public async Task A_signing_key_that_is_too_short_is_said_before_the_server_starts()
    {
        var error = await Should.ThrowAsync<StartupException>(() => StartAsync("--Cote:Auth:SigningKey=short"));

        error.Message.ShouldStartWith("Cote__Auth__SigningKey has 5 bytes; it needs at least 32");
    }

    [Fact]
    public async Task A_signing_key_in_base64_counts_by_the_bytes_that_it_stands_for()
    {
        (await Should.ThrowAsync<StartupException>(
            () => StartAsync("--Cote:Auth:SigningKey=base64:not base64 at all, however long")))
            .Message.ShouldBe("Cote__Auth__SigningKey begins with base64:, but what follows is not base64.");
        (await Should.ThrowAsync<StartupException>(
            () => StartAsync($"--Cote:Auth:SigningKey=base64:{Convert.ToBase64String(new byte[31])}")))
            .Message.ShouldStartWith("Cote__Auth__SigningKey has 31 bytes; it needs at least 32");
        await StartAsync($"--Cote:Auth:SigningKey=base64:{Convert.ToBase64String(new byte[32])}");
    }

    [Theory]
    [InlineData("not base64!")]
    [InlineData("c2hvcnQ=")]
    public async Task A_broken_key_file_is_said_before_the_server_starts(string kept)
    {
        var file = Path.Combine(_data, "signing.key");
        File.WriteAllText(file, kept);

        (await Should.ThrowAsync<StartupException>(() => StartAsync())).Message.ShouldStartWith(
            $"The signing key in {file} is broken.");
    }

    [Fact]
    public async Task Without_a_key_one_is_made_that_only_its_owner_can_read()
    {
        await StartAsync();

        var file = Path.Combine(_data, "signing.key");
        Convert.FromBase64String(File.ReadAllText(file)).Length.ShouldBe(48);
        if (!OperatingSystem.IsWindows())
            File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    public void Dispose() => Directory.Delete(_data, recursive: true);

    async Task StartAsync(params string[] args)
    {
        await using var app = CoteHost.Create([$"--Cote:Data:Directory={_data}", "--urls=http://127.0.0.1:0", .. args]);
        await app.StartAsync();
        await app.StopAsync();
    }
}
