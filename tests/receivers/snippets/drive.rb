# ruby drive.rb SNIPPET HEADER SECRET <body: says what the snippet on the page of the guide makes of a delivery.
snippet, header, secret = ARGV
load snippet
puts Webhook.verify($stdin.binmode.read, header, secret) ? "accepted" : "refused"
